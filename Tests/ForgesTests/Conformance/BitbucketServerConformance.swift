// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// The table of every verb and everything that can go wrong, for the second adapter of a forge: the other table runs over
/// the forges' official hosts, and Bitbucket Data Center has none.
struct BitbucketServerConformance {
    /// Those that every forge has; lists without addresses of pages have a trouble of their own.
    private static let troubles = Trouble.allCases.filter {
        ![.singleSignOn, .primaryLimit, .secondaryLimit, .endlessList, .foreignPage].contains($0)
    }

    private func run(
        _ verb: Verb, call index: Int = .max,
        replaced by: @escaping @Sendable (Upstream.Request, Upstream.Response) throws -> Upstream.Response = { $1 }
    ) async throws -> (error: ForgeError?, network: StubNetwork) {
        let stage = try GoodForge.dataCenter()
        let counter = Mutex((next: 0, last: ""))
        let network = StubNetwork(answering: { request in
            let number = counter.withLock { state in
                // A redirect to the same address counts as the same call.
                if state.last != request.url { state = (state.next + 1, request.url) }
                return state.next - 1
            }
            guard let good = try stage.answer(request) else {
                Issue.record("\(verb) made a call that is not on its path: \(request.method.rawValue) \(request.url)")
                throw Upstream.Failure.unreachable("not on the path")
            }
            return number == index ? try by(request, good) : good
        })
        let opened = stage.open(network)
        return (await failure { () throws(ForgeError) in try await verb.run(on: opened, as: stage) }, network)
    }

    private func hold(_ error: ForgeError?, _ network: StubNetwork, _ what: String) {
        #expect(network.requests.allSatisfy { $0.url.hasPrefix(BitbucketServerBench.pages + "/") }, "\(what)")
        #expect(network.requests.allSatisfy { !$0.url.contains(GoodForge.canary) }, "\(what)")
        guard let error else { return }
        var dumped = ""
        dump(error, to: &dumped)
        #expect(!dumped.contains(GoodForge.canary) && !dumped.contains("script"), "\(what) passes on what it must not")
        #expect(!error.message.isEmpty && error.message.utf8.count < 700 && !error.message.contains("\n"))
    }

    @Test(arguments: Verb.allCases)
    func `every verb works, and shows its credential in every call`(verb: Verb) async throws {
        let (error, network) = try await run(verb)
        #expect(error == nil)
        #expect(!network.requests.isEmpty)
        hold(error, network, "\(verb)")
        #expect(network.requests.allSatisfy { $0.header("Authorization") == "Bearer " + GoodForge.canary })
        #expect(network.requests.contains { $0.method != .get } == verb.writes)
    }

    @Test(arguments: Verb.allCases)
    func `whatever goes wrong, in whichever call, has its code`(verb: Verb) async throws {
        let calls = try await run(verb).network.requests
        for trouble in Self.troubles {
            for index in calls.indices where !(trouble.needsReader && calls[index].method != .get) {
                let (error, network) = try await run(verb, call: index) { request, good in
                    try trouble.answer(to: request, good: good, at: .bitbucket)
                }
                let what = "\(trouble) in call \(index) of \(verb)"
                #expect(error?.code == trouble.code, "\(what)")
                hold(error, network, what)
                if trouble == .tooMany { #expect(error?.retryAfter == 30, "\(what)") }
            }
        }
    }

    @Test(arguments: Verb.allCases.filter(\.isPaged))
    func `a list that begins again for ever ends`(verb: Verb) async throws {
        let last = try await run(verb).network.requests.count - 1
        let (error, network) = try await run(verb, call: last) { _, _ in
            .json(#"{"values":[],"isLastPage":false,"nextPageStart":0}"#, headers: BitbucketServerBench.headers)
        }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == last + 1)
    }
}
