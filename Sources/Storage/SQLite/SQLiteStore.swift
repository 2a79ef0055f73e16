// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

import Glibc

/// The embedded store: one SQLite file.
///
/// What a method has returned from is on the disk (`synchronous=FULL`). Every write is one transaction, and once begun
/// it is finished even when the task that asked for it is cancelled: a token that a forge has just rotated must not be
/// lost because a caller hung up. Several programs may have one file open: the server and the command line.
///
/// No SQL stands outside the files of this type. Secrets come here sealed or hashed, never in clear.
package struct SQLiteStore: Sendable {
    /// Stands first, so that it goes first: the last connection to close empties the write-ahead log into the file, and one
    /// that may only read cannot.
    private let readers: SQLiteReaders
    private let pool: DatabasePool
    /// Whether the tables of the record were made by this opening.
    let wasWithoutAudit: Bool

    /// Opens the file, makes it where it is absent (0600, a directory made for it 0700), and brings its tables up to date.
    /// - Parameter busyTimeout: seconds to wait for another program's write before ``StoreError/Code/unavailable``.
    /// - Throws: ``StoreError/Code/newerSchema``, ``StoreError/Code/unavailable``.
    package init(path: String, busyTimeout: Double = 5) throws(StoreError) {
        try Self.prepareFile(at: path)
        var configuration = Configuration()
        configuration.label = "gatehouse"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = max(4, ProcessInfo.processInfo.activeProcessorCount)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            if !database.configuration.readonly {
                // What is deleted is overwritten, not left in a free page for whoever gets the file.
                try database.execute(sql: "PRAGMA secure_delete = ON")
            }
        }
        do {
            pool = try Self.pool(path, configuration, patience: busyTimeout)
            let migrator = SQLiteSchema.migrator
            guard try pool.read({ database in try SQLiteSchema.isOursOrNew(database) }) else {
                throw StoreError(.unavailable, "\(path) is the database of another program. Give another path.")
            }
            if try pool.read({ database in try migrator.hasBeenSuperseded(database) }) {
                throw StoreError(
                    .newerSchema,
                    "The store \(path) was written by a newer Gatehouse. Run that version, or restore an older backup.")
            }
            wasWithoutAudit = try pool.read { database in
                try !migrator.appliedIdentifiers(database).contains(SQLiteSchema.auditStep)
            }
            try Self.migrate(pool, by: migrator)
            // The library lowers it to NORMAL when it turns WAL on; then a power cut could lose what was acknowledged. The
            // steps before need no more: one that a power cut undoes is done again.
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            readers = SQLiteReaders(path: path, configuration: configuration)
            // SQLite opens a file that it may only read without a word. Better to hear of it now than at the first write;
            // only a real one is refused. A full disk is no reason not to open: a backup is wanted then.
            do {
                try pool.write { database in try database.execute(sql: SQLiteSchema.mark) }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {}
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    /// Two programs that turn a new file's write-ahead log on at once do not wait for each other as long as they should: SQLite
    /// tells one of them at once that the file is locked.
    private static func pool(
        _ path: String, _ configuration: Configuration, patience: Double
    ) throws -> DatabasePool {
        let end = ContinuousClock.now + .seconds(patience)
        while true {
            do {
                return try DatabasePool(path: path, configuration: configuration)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end {
                usleep(10_000)
            }
        }
    }

    /// Two programs that open a new file at once both try to make the tables; one of them loses, and that is well.
    private static func migrate(_ pool: DatabasePool, by migrator: DatabaseMigrator) throws {
        // Each migration is a transaction of its own, so two programs may take turns: who has lost one goes on with the next.
        var attempts = 0
        while try !pool.read({ database in try migrator.hasCompletedMigrations(database) }) {
            do {
                try migrator.migrate(pool)
            } catch {
                attempts += 1
                guard attempts < 100 else { throw error }
                usleep(10_000)
            }
        }
    }

    /// Closes all connections. Later calls throw ``StoreError/Code/unavailable``.
    package func close() throws(StoreError) {
        do {
            try readers.close()
            // The library closes the writer first and its readers after it; this closes the readers.
            pool.releaseMemory()
            try pool.close()
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the store answers at all: for a readiness check.
    package func ping() async throws(StoreError) {
        try read { database in
            _ = try Int.fetchOne(database.cachedStatement(sql: "SELECT 1 FROM master_keys LIMIT 1"))
        }
    }

    /// Runs one SELECT. Without a transaction around it, since one statement sees one state of the file anyway and a
    /// transaction costs two more statements.
    ///
    /// It runs on the calling thread: a row is found in some ten microseconds, readers wait for no writer, and every reader
    /// has a connection of its own. Handing it to a thread of the pool and back took four times as long.
    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try readers.read(body)
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs one immediate transaction on the only writing connection. It is not cancelled.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncWrite(body) { _, result in continuation.resume(returning: result) }
        }
        do {
            return try result.get()
        } catch {
            throw StoreError(error)
        }
    }

    /// A connection that only reads, for something that takes long. Whoever asked for it closes it.
    func separateReader() throws -> DatabaseQueue {
        try readers.separate()
    }

    /// Makes the file before SQLite would, so that it is never readable by others. The `-wal` and `-shm` files take over
    /// its permissions. An existing file is not opened here: closing it would drop the locks of other connections.
    private static func prepareFile(at path: String) throws(StoreError) {
        try prepareDirectory(of: path)
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            _ = Glibc.close(descriptor)
        } else if errno != EEXIST {
            throw StoreError(
                .unavailable, "The store \(path) cannot be made. Check that the directory is there and writable.",
                cause: String(cString: strerror(errno)))
        }
    }

    static func prepareDirectory(of path: String) throws(StoreError) {
        let directory = parentDirectory(of: path)
        do {
            if !FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw StoreError(
                .unavailable, "The directory \(directory) of the store cannot be made. Make it, or choose another.",
                cause: "\(error)")
        }
    }
}

/// The directory that a file stands in, as far as its path tells.
func parentDirectory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
