// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// One signature of a request that changes something, for as long as it must be remembered.
package struct SignatureUse: Sendable, Hashable {
    /// 32 bytes that stand for the signature and its access key.
    package let digest: Data
    /// When its time would not let it in any more, Unix time in milliseconds.
    package let expires: Int64
    /// For how long after its first use it is let in again, in milliseconds.
    package let tolerance: Int64

    package init(digest: Data, expires: Int64, tolerance: Int64) {
        self.digest = digest
        self.expires = expires
        self.tolerance = tolerance
    }
}

extension SQLiteStore {
    /// Uses a signature up, for all programs that have the file open, and forgets those whose time is over.
    /// - Returns: false where it was used up before.
    package func use(_ signature: SignatureUse, now: Int64) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM used_signatures WHERE expires < ?").execute(arguments: [now])
            let read = try database.cachedStatement(sql: "SELECT used FROM used_signatures WHERE digest = ?")
            guard let used = try Int64.fetchOne(read, arguments: [signature.digest]) else {
                try database.cachedStatement(
                    sql: "INSERT INTO used_signatures (digest, used, uses, expires) VALUES (?, ?, 1, ?)"
                ).execute(arguments: [signature.digest, now, signature.expires])
                return true
            }
            guard abs(now - used) < signature.tolerance else { return false }
            try database.cachedStatement(sql: "UPDATE used_signatures SET uses = uses + 1 WHERE digest = ?")
                .execute(arguments: [signature.digest])
            return true
        }
    }

    /// Lets a signature be used again, unless it was used by another request too.
    package func release(_ signature: SignatureUse) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM used_signatures WHERE digest = ? AND uses = 1")
                .execute(arguments: [signature.digest])
        }
    }
}
