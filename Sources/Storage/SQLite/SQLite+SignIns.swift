// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB

/// One of the counters that a failed sign-in moves on.
package struct SignInCounter: Sendable, Hashable {
    /// 32 bytes that stand for what is counted.
    package let key: Data
    /// How long a failure is remembered, in milliseconds.
    package let memory: Int64
    /// Whether failures are forgotten one after the other, each after ``memory``, rather than all that long after the last.
    package let drains: Bool

    package init(key: Data, memory: Int64, drains: Bool) {
        self.key = key
        self.memory = memory
        self.drains = drains
    }
}

/// What a counter of failed sign-ins shows. Times are Unix times in milliseconds.
package struct SignInFailures: Sendable, Hashable {
    package let count: Int64
    package let last: Int64
    /// When nothing is remembered any more.
    package let expires: Int64
}

/// Failed sign-ins, for all programs that have the file open.
extension SQLiteStore {
    /// More counters than these are not kept. Those go first that would be forgotten first.
    package static let signInCounterLimit = 100_000
    /// From so many places the right password of one user is remembered.
    static let signInPlaceLimit = 16

    /// nil where nothing is remembered.
    package func signInFailures(of key: Data, now: Int64) async throws(StoreError) -> SignInFailures? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT failures, last, expires FROM sign_in_failures WHERE key = ? AND expires > ?")
            return try Row.fetchOne(statement, arguments: [key, now])
                .map { SignInFailures(count: $0[0], last: $0[1], expires: $0[2]) }
        }
    }

    /// Moves counters on by one failure, and forgets what is over.
    package func noteFailedSignIn(
        _ counters: [SignInCounter], now: Int64, limit: Int = Self.signInCounterLimit
    ) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM sign_in_failures WHERE expires <= ?")
                .execute(arguments: [now])
            let note = try database.cachedStatement(
                sql: """
                    INSERT INTO sign_in_failures (key, failures, last, expires) VALUES (?1, 1, ?2, ?2 + ?3)
                    ON CONFLICT (key) DO UPDATE SET failures = failures + 1, last = ?2,
                        expires = CASE WHEN ?4 THEN max(expires, ?2) ELSE ?2 END + ?3
                    """)
            for counter in counters {
                try note.execute(arguments: [counter.key, now, counter.memory, counter.drains])
            }
            let count = try Int.fetchOne(database.cachedStatement(sql: "SELECT count(*) FROM sign_in_failures")) ?? 0
            guard count > limit else { return }
            try database.cachedStatement(
                sql: """
                    DELETE FROM sign_in_failures
                    WHERE key IN (SELECT key FROM sign_in_failures ORDER BY expires LIMIT ?)
                    """
            ).execute(arguments: [count - limit])
        }
    }

    /// Sets a counter to nothing.
    package func forgetFailedSignIns(of key: Data) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM sign_in_failures WHERE key = ?").execute(arguments: [key])
        }
    }

    /// When a user last gave the right password at a place, as far as it is remembered.
    package func signInPlace(_ place: Data, of user: String) async throws(StoreError) -> Int64? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT last FROM sign_in_places WHERE user = ? AND place = ?")
            return try Int64.fetchOne(statement, arguments: [user, place])
        }
    }

    /// Remembers that a user has given the right password at a place. Nothing for a user that is gone.
    package func remember(place: Data, of user: String, now: Int64) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(
                sql: """
                    INSERT INTO sign_in_places (tenant, user, place, last)
                    SELECT tenant, id, ?2, ?3 FROM users WHERE id = ?1 AND password IS NOT NULL
                    ON CONFLICT (user, place) DO UPDATE SET last = ?3
                    """
            ).execute(arguments: [user, place, now])
            try database.cachedStatement(
                sql: """
                    DELETE FROM sign_in_places WHERE user = ?1 AND place NOT IN
                        (SELECT place FROM sign_in_places WHERE user = ?1 ORDER BY last DESC LIMIT ?2)
                    """
            ).execute(arguments: [user, Self.signInPlaceLimit])
        }
    }

    /// By its name or its domain's id. A project of an external Keystone has no sign-ins here.
    package func tenantID(of domain: DomainReference) async throws(StoreError) -> String? {
        let (column, value) =
            switch domain {
            case .id(let id): ("domain", id)
            case .name(let name): ("name", name)
            }
        return try read { database in
            try String.fetchOne(
                database.cachedStatement(
                    sql: "SELECT id FROM tenants WHERE \(column) = ? AND external_domain IS NULL"), arguments: [value])
        }
    }
}
