// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import GRDB

/// One version of the master key, as the operator sees it.
package struct KeyVersion: Sendable {
    package let version: Int64
    /// Unix time in milliseconds.
    package let created: Int64
    /// What is sealed now is sealed under it.
    package let isNewest: Bool
    /// How many values are sealed under it.
    package let counts: [SealedTable: Int]

    package var count: Int { counts.values.reduce(0, +) }
}

/// A rotation that has begun.
package struct Rotation: Sendable {
    /// The version that everything is to be sealed under.
    package let version: Int64
    /// Whether this version was made just now. Otherwise an earlier rotation has not come to its end.
    package let isNew: Bool
}

/// How far a rotation is.
package struct ResealProgress: Sendable {
    package let done: Int
    package let remaining: Int
}

/// What came of sealing everything anew.
package struct ResealResult: Sendable {
    package let done: Int
    /// Values that do not open: they stay under their old version.
    package let stuck: [SealedLabel]
}

extension Vault {
    /// The versions of the master key, oldest first.
    package func keyVersions() async throws(StoreError) -> [KeyVersion] {
        let times = try await store.masterKeyTimes()
        let counts = try await store.sealedCounts(now: clock.milliseconds)
        let newest = times.keys.max()
        return times.keys.sorted().map { version in
            KeyVersion(
                version: version, created: times[version] ?? 0, isNewest: version == newest,
                counts: counts[version] ?? [:])
        }
    }

    /// Makes a new version of the master key, unless an earlier rotation has not come to its end: then goes on with that.
    ///
    /// The key is on the disk before the store knows of it. A program that is stopped between the two leaves a key that
    /// nothing is sealed under, and the next rotation takes it.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` where the operator must give the key, or the key file cannot be written.
    package func beginRotation() async throws(StoreError) -> Rotation {
        try await store.deleteEndedOAuthStates(now: clock.milliseconds)
        var newest = try await sealingKey()
        var versions = try await keyVersions()
        // Another program may begin a rotation between the two questions.
        while versions.last.map({ $0.version > newest.version }) ?? false {
            let before = newest.version
            newest = try await sealingKey()
            // What this process cannot have, it does not wait for.
            guard newest.version != before else { break }
            versions = try await keyVersions()
        }
        if versions.contains(where: { !$0.isNewest && $0.count > 0 }) {
            return Rotation(version: newest.version, isNew: false)
        }
        let version = try keychain.source.version(after: newest.version)
        keychain.forget(version)
        guard let key = try keychain.key(version) else {
            throw StoreError(.masterKeyRefused, "Version \(version) of the master key has vanished from where it was.")
        }
        try await store.insertMasterKey(
            try Self.proof(of: SealingKey(version: version, key: key)), created: clock.milliseconds)
        let taken = try await sealingKey()
        guard taken.version >= version else {
            throw StoreError(
                .masterKeyRefused,
                "Another program has given the store another version \(version) of the master key. Use its key.")
        }
        return Rotation(version: taken.version, isNew: true)
    }

    /// Seals everything under the newest version of the master key that is under an older one. It may be stopped at any
    /// moment and called again, and others may read and write meanwhile.
    /// - Parameters:
    ///   - batch: how many values are written in one transaction.
    ///   - pause: how long to wait between two transactions, so that other programs can write; nil for as long as the last
    ///     one took.
    ///   - progress: told after each transaction.
    package func reseal(
        batch: Int = 200, pause: Duration? = nil, progress: @Sendable (ResealProgress) -> Void = { _ in }
    ) async throws(StoreError) -> ResealResult {
        let newest = try await sealingKey()
        try await signAuditAnew()
        var done = 0
        while true {
            let stale = try await keyVersions().filter { $0.version != newest.version }.reduce(0) { $0 + $1.count }
            var remaining = stale
            var stuck: [SealedLabel] = []
            let before = done
            for table in SealedTable.allCases {
                var position: DatabaseValue?
                while true {
                    let began = ContinuousClock.now
                    let rows = try await store.sealedRows(
                        of: table, notUnder: newest.version, after: position, limit: batch)
                    guard let last = rows.last else { break }
                    position = last.position
                    var resealed: [ResealedRow] = []
                    for row in rows {
                        if let sealed = reseal(row, under: newest) {
                            resealed.append(ResealedRow(old: row, sealed: sealed))
                        } else {
                            stuck.append(row.label)
                        }
                    }
                    let count = try await store.reseal(resealed, in: table, under: newest.version)
                    done += count
                    remaining = max(0, remaining - count)
                    progress(ResealProgress(done: done, remaining: remaining))
                    try await Self.wait(pause ?? (ContinuousClock.now - began))
                }
            }
            // Once more, for what was renewed meanwhile by a process that did not know the version yet.
            if done == before { return ResealResult(done: done, stuck: stuck) }
        }
    }

    /// Retires a version: deletes its proof, then its key from the key file.
    /// - Returns: whether its key is gone from where the keys are read; the operator's own value is the operator's to change.
    /// - Throws: ``StoreError/Code/invalid`` while anything is sealed under it and for the newest version,
    ///   ``StoreError/Code/notFound``.
    package func retire(_ version: Int64) async throws(StoreError) -> Bool {
        let known = try await store.masterKeys().map(\.version)
        let ring = try keychain.source.read()
        guard known.contains(version) || (ring?[version] != nil && version < known.last ?? 0) else {
            throw StoreError(
                .notFound, "There is no version \(version) of the master key. `gatehouse key list` lists them.")
        }
        if known.contains(version) {
            try await signAuditAnew()
            let count = try await store.deleteMasterKey(version, now: clock.milliseconds)
            guard count == 0 else {
                throw StoreError(
                    .invalid,
                    "\(count == 1 ? "One value is" : "\(count) values are") still sealed under version \(version) of the "
                        + "master key. `gatehouse key rotate` seals them anew, or names those that do not open.")
            }
        }
        return try keychain.source.remove(version)
    }

    private func reseal(_ row: SealedRow, under newest: SealingKey) -> Data? {
        guard let context = row.context else { return nil }
        do {
            let old = SealingKey(version: row.keyVersion, key: try openingKey(row.keyVersion))
            return try Envelope.reseal(row.sealed, under: old, to: newest, context)
        } catch {
            return nil
        }
    }

    private static func wait(_ duration: Duration) async throws(StoreError) {
        do {
            try await Task.sleep(for: min(duration, .seconds(10)))
        } catch {
            throw StoreError(.unavailable, "Stopped. Run it again to go on.")
        }
    }
}
