// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The last thousand requests that one emulated forge has answered, so that a test can tell how often it was asked and
/// for what. It holds route patterns, never addresses: those may hold codes and tokens.
package final class RequestLog: Sendable {
    package struct Entry: Sendable, Hashable {
        package let method: String
        /// For example `GET /repos/:owner/:repo/branches`.
        package let route: String
        package let status: Int
    }

    private let state = Mutex<(entries: [Entry], count: Int)>(([], 0))

    /// The latest entries, oldest first.
    package var entries: [Entry] { state.withLock { $0.entries } }

    /// How many requests have been answered in all.
    package var count: Int { state.withLock { $0.count } }

    func append(_ entry: Entry) {
        state.withLock { state in
            state.count += 1
            state.entries.append(entry)
            if state.entries.count > 1000 { state.entries.removeFirst(500) }
        }
    }
}
