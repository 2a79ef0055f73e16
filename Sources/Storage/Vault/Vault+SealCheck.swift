// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Model

/// What opening every sealed value has shown.
package struct SealCheck: Sendable {
    /// How many open.
    package var good = 0
    /// Those that do not: changed outside of Gatehouse, or sealed under a key that is not at hand.
    package var bad: [SealedLabel] = []
}

extension Vault {
    /// Opens every sealed value once.
    /// - Parameter progress: told how many have been opened so far.
    package func checkSeals(progress: @Sendable (Int) -> Void = { _ in }) async throws(StoreError) -> SealCheck {
        var check = SealCheck()
        for table in SealedTable.allCases {
            var position: DatabaseValue?
            while true {
                let rows = try await store.sealedRows(of: table, notUnder: nil, after: position, limit: 500)
                guard let last = rows.last else { break }
                position = last.position
                for row in rows {
                    if opens(row) { check.good += 1 } else { check.bad.append(row.label) }
                }
                progress(check.good + check.bad.count)
            }
        }
        return check
    }

    private func opens(_ row: SealedRow) -> Bool {
        guard let context = row.context else { return false }
        do {
            let opened = try open(row.sealed, version: row.keyVersion, context)
            if row.label.table == .authorizations { _ = try Credential(encoded: opened) }
            return true
        } catch {
            return false
        }
    }
}
