// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
import Storage

extension Broker {
    /// Some of the tenant's events, newest first.
    package struct AuditPage: Sendable {
        package let entries: [AuditEntry]
        /// What to ask for the next page with; nil where there is none.
        package let marker: String?
    }

    /// The tenant's record, and no other's.
    /// - Parameters:
    ///   - limit: 1 to 1000.
    ///   - marker: that of the page before.
    /// - Throws: ``AccessError/Code/invalidRequest`` for a marker that is none of this tenant's; ``StoreError``.
    package func auditEvents(limit: Int, marker: String?, with grant: Grant) async throws -> AuditPage {
        // What this process has just seen belongs to it.
        await audit.flush()
        do throws(StoreError) {
            let entries = try await vault.auditPage(of: grant.tenant, before: marker, limit: limit + 1)
            let page = Array(entries.prefix(limit))
            return AuditPage(entries: page, marker: entries.count > limit ? page.last?.id : nil)
        } catch  where error.code == .notFound {
            throw AccessError(
                .invalidRequest,
                "marker names no event of this project that is kept. Begin again without one.")
        } catch {
            throw error
        }
    }
}
