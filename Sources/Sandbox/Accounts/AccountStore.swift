// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Synchronization

/// Guards one forge's ``AccountState`` and keeps it in a file, where the sandbox keeps its state.
///
/// The file is replaced as a whole (written beside, then renamed) before a change is answered, so a killed sandbox
/// finds either the old or the new state again, never half of one.
final class AccountStore: Sendable {
    private let state: Mutex<AccountState>
    /// nil where nothing is kept.
    private let file: String?
    private let logger: Logger

    /// A store that holds nothing yet.
    /// - Parameter file: where to keep it; nil for memory only.
    init(file: String?, logger: Logger = Logger(label: "sandbox")) {
        state = Mutex(AccountState())
        self.file = file
        self.logger = logger
    }

    /// What an earlier run has kept; nil where there is no such file.
    /// - Throws: where the file is there but cannot be read as a state.
    init?(loading file: String, logger: Logger = Logger(label: "sandbox")) throws {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        self.logger = logger
        state = Mutex(try JSONDecoder().decode(AccountState.self, from: Data(contentsOf: URL(filePath: file))))
        self.file = file
    }

    /// Looks at the state.
    func read<Value: Sendable>(_ body: (AccountState) -> Value) -> Value {
        state.withLock { body($0) }
    }

    /// Changes the state and keeps it. Where the body throws, nothing has changed.
    func update<Value: Sendable, Failure: Error>(
        _ body: (inout AccountState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // The lock's own closure cannot carry a typed error out.
        let result: Result<Value, Failure> = state.withLock { state in
            var changed = state
            do throws(Failure) {
                let value = try body(&changed)
                state = changed
                keep(changed)
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func keep(_ state: AccountState) {
        guard let file else { return }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let beside = file + ".new"
            try encoder.encode(state).write(to: URL(filePath: beside))
            // Tokens and passwords stand in it.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: beside)
            try replace(file, with: beside)
        } catch {
            // A sandbox with a full disk goes on from memory: what it has answered so far stays true in this run.
            logger.error("The sandbox's state could not be kept", metadata: ["error": "\(error)"])
        }
    }
}
