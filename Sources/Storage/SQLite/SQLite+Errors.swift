// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB

extension StoreError {
    /// Whatever came out of a transaction.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(database: error)
        default: self.init(.unavailable, "The store failed.", cause: "\(type(of: error))")
        }
    }

    init(opening path: String, _ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB:
            self.init(
                .unavailable, "\(path) is not a store of Gatehouse. Give another path.",
                cause: error.explanation)
        default:
            let inner = StoreError(error)
            self.init(inner.code, "The store \(path) cannot be opened: \(inner.message)", cause: inner.cause)
        }
    }

    /// Which sentence belongs to which code of SQLite, https://www.sqlite.org/rescode.html.
    private init(database error: DatabaseError) {
        let cause = error.explanation
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY:
            self.init(.alreadyExists, "Something of this name or id exists already. Choose another.", cause: cause)
        case .SQLITE_CONSTRAINT_FOREIGNKEY:
            self.init(.notFound, "What this belongs to does not exist (any more).", cause: cause)
        case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL:
            self.init(.invalid, "A value breaks a rule of the store.", cause: cause)
        default:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                self.init(.unavailable, "The store is locked by another program. Try again.", cause: cause)
            case .SQLITE_FULL:
                self.init(.unavailable, "The disk is full. Make room, then try again.", cause: cause)
            case .SQLITE_READONLY:
                self.init(.unavailable, "The store is read-only. Give its user the right to write.", cause: cause)
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                self.init(
                    .unavailable, "The store cannot be opened. Check that the file and its directory are writable.",
                    cause: cause)
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                self.init(.unavailable, "The store is damaged. Restore a backup.", cause: cause)
            default:
                self.init(.unavailable, "The store failed.", cause: cause)
            }
        }
    }
}

extension DatabaseError {
    /// SQLite's own words and code, without the statement and without its arguments.
    fileprivate var explanation: String {
        "SQLite error \(extendedResultCode.rawValue): \(message ?? "no message")"
    }
}
