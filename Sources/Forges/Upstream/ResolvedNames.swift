// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization

/// The addresses of names, each asked for once in ``lifetime``, however many want it at the same time.
///
/// Where a name that was known cannot be resolved any more, its last addresses are good for ``grace``: they were checked
/// and are checked again with every request, and a fault of the name servers shall not cut off a forge that answers.
final class ResolvedNames: Sendable {
    static let lifetime: Duration = .seconds(30)
    /// How long it holds that a name has no address.
    static let absence: Duration = .seconds(5)
    static let grace: Duration = .seconds(600)
    private static let capacity = 10_000

    private struct Entry {
        /// Empty where the name has none.
        var addresses: [IPAddress]
        /// When it was resolved.
        var since: ContinuousClock.Instant
        var until: ContinuousClock.Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Those who wait, for each name that is being resolved.
        var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    }

    private enum Claim {
        case known([IPAddress])
        case underWay
        case mine
    }

    private let state = Mutex(State())
    private let resolver: Resolver
    private let now: @Sendable () -> ContinuousClock.Instant

    init(_ resolver: Resolver, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.resolver = resolver
        self.now = now
    }

    /// Throws ``Upstream/Failure/unknownHost`` for a name without an address.
    func addresses(of name: String) async throws(Upstream.Failure) -> [IPAddress] {
        while true {
            switch claim(name) {
            case .known(let addresses):
                guard !addresses.isEmpty else { throw .unknownHost }
                return addresses
            case .underWay: await settled(name)
            case .mine:
                let addresses = settle(name, await resolve(name))
                guard !addresses.isEmpty else { throw .unknownHost }
                return addresses
            }
        }
    }

    private func claim(_ name: String) -> Claim {
        let time = now()
        return state.withLock { state in
            if let entry = state.entries[name], entry.until > time { return .known(entry.addresses) }
            guard state.waiting[name] == nil else { return .underWay }
            state.waiting[name] = []
            return .mine
        }
    }

    private func settled(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.waiting[name]?.append(continuation)
                return state.waiting[name] == nil
            }
            if isOver { continuation.resume() }
        }
    }

    /// nil where whoever asked has gone away: that says nothing about the name.
    private func resolve(_ name: String) async -> [IPAddress]? {
        do {
            return try await resolver.addresses(name)
        } catch {
            return Task.isCancelled ? nil : []
        }
    }

    /// - Returns: what is used from now on.
    private func settle(_ name: String, _ found: [IPAddress]?) -> [IPAddress] {
        let time = now()
        let (addresses, waiting) = state.withLock { state in
            if state.entries.count >= Self.capacity { state.entries.removeAll() }
            if let found { state.entries[name] = Self.entry(found, after: state.entries[name], at: time) }
            return (state.entries[name]?.addresses ?? [], state.waiting.removeValue(forKey: name) ?? [])
        }
        for continuation in waiting { continuation.resume() }
        return addresses
    }

    private static func entry(
        _ found: [IPAddress], after last: Entry?, at time: ContinuousClock.Instant
    ) -> Entry {
        guard found.isEmpty else { return Entry(addresses: found, since: time, until: time + lifetime) }
        guard let last, !last.addresses.isEmpty, last.since + grace > time else {
            return Entry(addresses: [], since: time, until: time + absence)
        }
        return Entry(addresses: last.addresses, since: last.since, until: time + absence)
    }
}
