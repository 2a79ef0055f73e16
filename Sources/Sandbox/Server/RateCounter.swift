// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts requests in windows of a fixed length, one count for each key. Nothing is kept over a restart.
final class RateCounter: Sendable {
    struct Reading: Sendable, Hashable {
        let limit: Int
        let used: Int
        /// Unix time in seconds at which the count begins anew.
        let reset: Int64

        var remaining: Int { max(limit - used, 0) }
    }

    private struct Window {
        var used: Int
        let reset: Int64
    }

    private let windows = Mutex<[String: Window]>([:])
    /// Seconds.
    private let length: Int64

    init(windowLength: Int64) {
        length = windowLength
    }

    /// Counts one request, as far as the limit goes.
    /// - Returns: the reading with it, and whether it was within the limit.
    func count(_ key: String, limit: Int) -> (reading: Reading, isWithin: Bool) {
        windows.withLock { windows in
            var window = Self.current(windows[key], length)
            let isWithin = window.used < limit
            if isWithin { window.used += 1 }
            windows[key] = window
            return (Reading(limit: limit, used: max(window.used, isWithin ? 0 : limit), reset: window.reset), isWithin)
        }
    }

    /// Looks without counting.
    func read(_ key: String, limit: Int) -> Reading {
        windows.withLock { windows in
            let window = Self.current(windows[key], length)
            return Reading(limit: limit, used: min(window.used, limit), reset: window.reset)
        }
    }

    private static func current(_ window: Window?, _ length: Int64) -> Window {
        let now = AccountStore.now()
        if let window, window.reset > now { return window }
        return Window(used: 0, reset: now + length)
    }
}
