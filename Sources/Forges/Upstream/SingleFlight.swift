// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Work that is done once for all who want its result at the same time.
package final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    package enum Outcome: Sendable {
        case done(Value)
        /// Whoever did the work went away in the middle of it: look again.
        case abandoned
        /// As much is under way as may be.
        case full
    }

    private enum Claim {
        case mine
        case underWay
        case full
    }

    private let waiting = Mutex<[Key: [CheckedContinuation<Outcome, Never>]]>([:])
    private let limit: Int

    /// - Parameter limit: how many keys may be worked on at one time.
    package init(limit: Int = .max) {
        self.limit = limit
    }

    /// Does the work, or waits for the one who does it already.
    package func run(_ key: Key, _ work: () async -> Value) async -> Outcome {
        switch claim(key) {
        case .full: return .full
        case .underWay: return await outcome(of: key)
        case .mine:
            let value = await work()
            settle(key, Task.isCancelled ? .abandoned : .done(value))
            return .done(value)
        }
    }

    private func claim(_ key: Key) -> Claim {
        waiting.withLock { waiting in
            if waiting[key] != nil { return .underWay }
            guard waiting.count < limit else { return .full }
            waiting[key] = []
            return .mine
        }
    }

    private func outcome(of key: Key) async -> Outcome {
        await withCheckedContinuation { continuation in
            let isOver = waiting.withLock { waiting in
                waiting[key]?.append(continuation)
                return waiting[key] == nil
            }
            if isOver { continuation.resume(returning: .abandoned) }
        }
    }

    private func settle(_ key: Key, _ outcome: Outcome) {
        let continuations = waiting.withLock { $0.removeValue(forKey: key) ?? [] }
        for continuation in continuations { continuation.resume(returning: outcome) }
    }
}
