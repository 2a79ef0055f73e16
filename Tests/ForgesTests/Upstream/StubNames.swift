// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization

@testable import Forges

/// Name servers that give each name's answers one after the other, the last one for ever, and count what they were asked.
final class StubNames: Sendable {
    private let answers: [String: [[String]]]
    private let asked = Mutex<[String]>([])

    init(_ answers: [String: [[String]]]) {
        self.answers = answers
    }

    /// Every question, in order.
    var questions: [String] { asked.withLock { $0 } }

    var resolver: Resolver {
        Resolver { name in
            let count = self.asked.withLock { asked in
                asked.append(name)
                return asked.count { $0 == name }
            }
            guard let answers = self.answers[name], !answers.isEmpty else { throw Resolver.Failed() }
            let texts = answers[min(count, answers.count) - 1]
            guard !texts.isEmpty else { throw Resolver.Failed() }
            return texts.compactMap { IPAddress($0) }
        }
    }
}

/// A clock that goes only when it is told to.
final class StubClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

extension NetworkPolicy {
    convenience init(
        trusted: [ForgeHost] = [], identities: [IAMService] = [], allowing texts: [String] = [],
        roots: [ForgeID: TrustRoots] = [:], names: StubNames, clock: StubClock = StubClock()
    ) {
        self.init(
            trusted: trusted, identities: identities, allowances: texts.compactMap { Allowance($0) }, roots: roots,
            resolver: names.resolver, now: { clock.now })
    }
}
