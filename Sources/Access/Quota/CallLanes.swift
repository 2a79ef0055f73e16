// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization

/// A place among a tenant's requests that are under way at forges; given back when nobody holds it any more.
package final class CallPlace: Sendable {
    private let giveBack: @Sendable () -> Void

    init(_ giveBack: @escaping @Sendable () -> Void) {
        self.giveBack = giveBack
    }

    deinit { giveBack() }
}

/// Lets so many requests of each tenant be under way at forges. A tenant's own requests wait for each other, in the order in which they
/// came; nobody waits for another tenant's.
final class CallLanes: Sendable {
    enum Entry {
        case entered(CallPlace)
        case full
    }

    private struct Lane {
        var running = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private struct State {
        var lanes: [TenantID: Lane] = [:]
        var lastID = 0
    }

    private let state = Mutex(State())
    private let patience: Duration
    /// So many wait for each one that may be under way.
    private static let waitingFactor = 8

    init(patience: Duration) {
        self.patience = patience
    }

    /// Whether nobody is under way or waits.
    var isEmpty: Bool { state.withLock { $0.lanes.isEmpty } }

    /// How many of a tenant wait.
    func waiting(_ tenant: TenantID) -> Int { state.withLock { $0.lanes[tenant]?.waiting.count ?? 0 } }

    func enter(_ tenant: TenantID, limit: Int) async -> Entry {
        let id: Int? = state.withLock { state in
            var lane = state.lanes[tenant] ?? Lane()
            guard lane.running >= limit || !lane.waiting.isEmpty else {
                lane.running += 1
                state.lanes[tenant] = lane
                return 0
            }
            guard lane.waiting.count < limit * Self.waitingFactor else { return nil }
            state.lastID += 1
            return state.lastID
        }
        guard let id else { return .full }
        guard id > 0 else { return .entered(place(tenant)) }
        return await wait(id, tenant, limit) ? .entered(place(tenant)) : .full
    }

    private func place(_ tenant: TenantID) -> CallPlace {
        CallPlace { self.leave(tenant) }
    }

    private func wait(_ id: Int, _ tenant: TenantID, _ limit: Int) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [patience] in
                try? await Task.sleep(for: patience)
                self.giveUp(id, tenant)
            }
            let isIn = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isIn = self.state.withLock { state in
                        var lane = state.lanes[tenant] ?? Lane()
                        // Somebody may have left in the meantime.
                        let isIn = lane.running < limit && lane.waiting.isEmpty
                        if isIn { lane.running += 1 } else { lane.waiting.append((id, continuation)) }
                        state.lanes[tenant] = lane
                        return isIn
                    }
                    if isIn { continuation.resume(returning: true) }
                    if Task.isCancelled { self.giveUp(id, tenant) }
                }
            } onCancel: {
                self.giveUp(id, tenant)
            }
            group.cancelAll()
            return isIn
        }
    }

    private func giveUp(_ id: Int, _ tenant: TenantID) {
        let found = state.withLock { state in
            guard let index = state.lanes[tenant]?.waiting.firstIndex(where: { $0.id == id }) else {
                return nil as CheckedContinuation<Bool, Never>?
            }
            return state.lanes[tenant]?.waiting.remove(at: index).continuation
        }
        found?.resume(returning: false)
    }

    /// Whoever has waited longest takes the place.
    private func leave(_ tenant: TenantID) {
        let next = state.withLock { state in
            guard var lane = state.lanes[tenant] else { return nil as CheckedContinuation<Bool, Never>? }
            let next = lane.waiting.isEmpty ? nil : lane.waiting.removeFirst().continuation
            if next == nil { lane.running -= 1 }
            state.lanes[tenant] = lane.running > 0 || !lane.waiting.isEmpty ? lane : nil
            return next
        }
        next?.resume(returning: true)
    }
}
