// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization

/// Those who wait for their password to be checked: one at a time, in the order in which they came.
///
/// One at a time, so that a guess is counted before the next one is looked at, however many are sent at once.
final class SignInLine: Sendable {
    private struct State {
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// How many are here, by where they come from.
        var present: [[UInt8]: Int] = [:]
        var count = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let placeLimit: Int

    /// - Parameters:
    ///   - limit: of all who wait.
    ///   - placeLimit: of those from one place, so that nobody can fill the line alone.
    init(limit: Int = 64, placeLimit: Int = 32) {
        self.limit = limit
        self.placeLimit = placeLimit
    }

    /// How many are here.
    var count: Int { state.withLock { $0.count } }

    /// Runs a body when all who came before are done.
    /// - Throws: ``AccessError/Code/tooManyAttempts`` where too many wait; what the body throws.
    func inTurn<Value: Sendable>(
        from address: IPAddress?, _ body: () async throws(AccessError) -> Value
    ) async throws(AccessError) -> Value {
        let place = address?.site ?? []
        try enter(place)
        defer { leave(place) }
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
        return try await body()
    }

    private func enter(_ place: [UInt8]) throws(AccessError) {
        let isIn = state.withLock { state in
            let here = state.present[place, default: 0]
            guard state.count < limit, here < placeLimit else { return false }
            state.present[place] = here + 1
            state.count += 1
            return true
        }
        guard isIn else {
            throw AccessError(
                .tooManyAttempts, "Too many sign-ins wait to be checked. Try again in a few seconds.", retryAfter: 5)
        }
    }

    private func leave(_ place: [UInt8]) {
        let next = state.withLock { state in
            let here = state.present[place, default: 1] - 1
            state.present[place] = here == 0 ? nil : here
            state.count -= 1
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
