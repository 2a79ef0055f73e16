// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
package import Storage
import Synchronization

/// How much of this Gatehouse one tenant may use. 0 is any amount.
package struct Quota: Sendable, Hashable {
    package var authorizations: Int
    /// Requests a second, in the long run.
    package var requests: Int
    /// Requests at once, after a rest.
    package var burst: Int
    /// Requests under way at forges, at once.
    package var calls: Int

    package init(authorizations: Int, requests: Int, burst: Int, calls: Int) {
        self.authorizations = authorizations
        self.requests = requests
        self.burst = burst
        self.calls = calls
    }

    package static let unlimited = Quota(authorizations: 0, requests: 0, burst: 0, calls: 0)

    /// With what the operator has said of one tenant.
    package func with(_ exceptions: QuotaExceptions) -> Quota {
        Quota(
            authorizations: exceptions.authorizations ?? authorizations, requests: exceptions.requests ?? requests,
            burst: exceptions.burst ?? burst, calls: exceptions.calls ?? calls)
    }
}

/// Holds every tenant to its quota. The number of authorizations is that of the store; requests and calls are counted by each
/// process for itself: counting them in the store would cost a write each.
package final class Quotas: Sendable {
    /// Milliseconds for which an exception that the operator has made is not looked up again.
    static let memory: Int64 = 5000
    /// Tenants that have been away for so long are forgotten, when there are many.
    static let idle: Int64 = 60_000
    static let capacity = 10_000

    package let configured: Quota
    private let store: SQLiteStore
    private let clock: WallClock
    private let lanes: CallLanes

    private struct Account {
        var quota: Quota
        var readAt: Int64
        /// Thousandths of requests that are left.
        var left: Int64
        var filledAt: Int64
    }

    private let accounts = Mutex<[TenantID: Account]>([:])

    /// - Parameter patience: how long a request waits for another of its tenant to end.
    package init(_ configured: Quota, store: SQLiteStore, clock: WallClock, patience: Duration = .seconds(20)) {
        self.configured = configured
        self.store = store
        self.clock = clock
        lanes = CallLanes(patience: patience)
    }

    /// What a tenant may use.
    package func quota(of tenant: TenantID) async throws(StoreError) -> Quota {
        let now = clock.milliseconds
        let known = accounts.withLock { $0[tenant] }
        if let known, abs(now - known.readAt) < Self.memory { return known.quota }
        let quota = configured.with(try await store.quotaExceptions(of: tenant))
        accounts.withLock { accounts in
            if accounts.count >= Self.capacity { accounts = accounts.filter { now - $0.value.filledAt < Self.idle } }
            var account =
                accounts[tenant]
                ?? Account(quota: quota, readAt: now, left: Self.most(of: quota), filledAt: now)
            (account.quota, account.readAt) = (quota, now)
            account.left = min(account.left, Self.most(of: quota))
            accounts[tenant] = account
        }
        return quota
    }

    private static func most(of quota: Quota) -> Int64 { Int64(max(quota.burst, quota.requests, 1)) * 1000 }

    /// Counts one request.
    /// - Throws: ``AccessError/Code/tooManyRequests``; a ``StoreError``.
    package func admit(_ tenant: TenantID) async throws {
        let quota = try await quota(of: tenant)
        guard quota.requests > 0 else { return }
        let now = clock.milliseconds
        let isAdmitted = accounts.withLock { accounts in
            guard var account = accounts[tenant] else { return true }
            let gained = min(max(0, now - account.filledAt), 1_000_000) * Int64(quota.requests)
            account.left = min(Self.most(of: quota), account.left + gained)
            account.filledAt = now
            let isAdmitted = account.left >= 1000
            if isAdmitted { account.left -= 1000 }
            accounts[tenant] = account
            return isAdmitted
        }
        guard isAdmitted else {
            throw AccessError(
                .tooManyRequests,
                "This project's quota of requests is used up: \(quota.requests) a second, \(max(quota.burst, quota.requests)) at once. Send them more slowly.",
                retryAfter: 1)
        }
    }

    /// Whether the tenant may have one more authorization, as far as one can tell now.
    /// - Throws: ``AccessError/Code/overQuota``.
    func requireRoom(in tenant: TenantID) async throws {
        let quota = configured.with(try await store.quotaExceptions(of: tenant)).authorizations
        guard quota > 0, try await store.authorizationCount(of: tenant) >= quota else { return }
        throw AccessError(
            StoreError(.overQuota, "The tenant has \(quota) authorizations, which is its quota."))
    }

    /// Takes a place among the tenant's requests at forges, until the grant's trace is gone. The operator needs none.
    /// - Throws: ``AccessError/Code/tooManyRequests`` where there is none in time; a ``StoreError``; `CancellationError`.
    func occupy(for grant: Grant) async throws {
        guard grant.caller != nil, !grant.trace.hasPlace else { return }
        let quota = try await quota(of: grant.tenant)
        guard quota.calls > 0 else { return }
        switch await lanes.enter(grant.tenant, limit: quota.calls) {
        case .entered(let place): grant.trace.keep(place)
        case .full:
            throw AccessError(
                .tooManyRequests,
                "This project's quota of requests under way at forges is used up: \(quota.calls) at once. Wait for some of them to end.",
                retryAfter: 5)
        }
        // Whoever has gone away while waiting has gone.
        try Task.checkCancellation()
    }
}
