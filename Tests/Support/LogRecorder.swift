// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// Keeps what is logged, message and metadata in one line each.
package final class LogRecorder: Sendable {
    private let kept = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { kept.withLock { $0 } }

    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            let line = (["\(event.level): \(event.message)"] + more.map { "\($0.key)=\($0.value)" }).joined(
                separator: " ")
            recorder.kept.withLock { $0.append(line) }
        }
    }
}
