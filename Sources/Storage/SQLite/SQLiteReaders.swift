// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// The connections that only read, each lent to one reader at a time. As many are opened as have ever read at once.
///
/// The library's own pool of readers goes through two queues and a key path for each read, which took a third of the
/// time of listing ten authorizations.
final class SQLiteReaders: Sendable {
    private let path: String
    private let configuration: Configuration
    /// nil once closed.
    private let idle: Mutex<[DatabaseQueue]?> = Mutex([])

    init(path: String, configuration: Configuration) {
        self.path = path
        self.configuration = configuration.readOnly
    }

    /// Runs a body that reads, on the calling thread.
    /// - Throws: what the body throws, or a `DatabaseError` when there is no connection.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = try idle.withLock { idle throws(DatabaseError) in
            guard idle != nil else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "The store is closed.") }
            return idle?.popLast()
        }
        let reader = try queue ?? DatabaseQueue(path: path, configuration: configuration)
        defer { idle.withLock { $0?.append(reader) } }
        return try reader.unsafeRead(body)
    }

    /// A connection that is lent to nobody else.
    func separate() throws -> DatabaseQueue {
        try DatabaseQueue(path: path, configuration: configuration)
    }

    func close() throws {
        let queues = idle.withLock { idle in
            defer { idle = nil }
            return idle ?? []
        }
        for queue in queues { try queue.close() }
    }
}

extension Configuration {
    fileprivate var readOnly: Configuration {
        var copy = self
        copy.readonly = true
        return copy
    }
}
