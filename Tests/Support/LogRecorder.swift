// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// Keeps every line that is logged, at every level.
package final class LogRecorder: Sendable {
    private let all = Mutex<[String]>([])

    package init() {}

    /// Each as `level message key=value …`, the keys in order.
    package var lines: [String] { all.withLock { $0 } }

    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            let text = (["\(event.level)", "\(event.message)"] + fields.map { "\($0.key)=\($0.value)" })
                .joined(separator: " ")
            recorder.all.withLock { $0.append(text) }
        }
    }
}
