// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// The table that every adapter is held to: every forge × every verb × everything that can go wrong, in each of its calls.
struct ForgeConformance {
    /// Runs a verb where one call's answer is replaced.
    private func run(
        _ verb: Verb, at forge: ForgeID, call index: Int = .max,
        replaced by: @escaping @Sendable (Upstream.Request, Upstream.Response) throws -> Upstream.Response = { $1 }
    ) async -> (error: ForgeError?, network: StubNetwork) {
        let stage = GoodForge(forge)
        let counter = Counter()
        let troubled = Mutex("")
        let network = StubNetwork(answering: { request in
            let number = counter.next(request.url)
            guard let good = try stage.answer(request) else {
                Issue.record("\(verb) made a call that is not on its path: \(request.method.rawValue) \(request.url)")
                throw Upstream.Failure.unreachable("not on the path")
            }
            // The trouble stays where it is: a call that is made again meets it again.
            let call = "\(request.method.rawValue) \(request.url)"
            let isTroubled = troubled.withLock { troubled in
                if number == index { troubled = call }
                return troubled == call
            }
            return isTroubled ? try by(request, good) : good
        })
        let opened = stage.open(network)
        let error = await failure { () throws(ForgeError) in try await verb.run(on: opened, as: stage) }
        return (error, network)
    }

    private func hold(_ error: ForgeError?, _ network: StubNetwork, at forge: ForgeID, _ what: String) {
        let origins = GoodForge(forge).origins
        #expect(network.requests.allSatisfy { origins.contains(Origin($0.url)) }, "\(what) left its origin")
        #expect(
            network.requests.allSatisfy { !$0.url.contains(GoodForge.canary) }, "\(what) put a secret into an address")
        guard let error else { return }
        var dumped = ""
        dump(error, to: &dumped)
        for text in [error.message, "\(error)", String(reflecting: error), dumped] {
            #expect(!text.contains(GoodForge.canary), "\(what) passes on what it must not")
        }
        #expect(error.forge == forge)
        #expect(!error.message.isEmpty && error.message.utf8.count < 700 && !error.message.contains("\n"))
        #expect(!error.message.contains("script"))
    }

    @Test(arguments: ForgeID.allCases, Verb.allCases)
    func `every verb works, and shows its credential in every call`(forge: ForgeID, verb: Verb) async {
        let (error, network) = await run(verb, at: forge)
        #expect(error == nil)
        #expect(!network.requests.isEmpty)
        hold(error, network, at: forge, "\(verb)")
        let (signIns, calls) = GoodForge(forge).sorted(network.requests)
        #expect(calls.allSatisfy { request in request.proofs.contains { $0.contains(GoodForge.canary) } })
        #expect(signIns.allSatisfy { String(decoding: $0.body ?? [], as: UTF8.self).contains(GoodForge.canary) })
        #expect(calls.contains { $0.method != .get && $0.method != .head } == verb.writes)
    }

    @Test(arguments: ForgeID.allCases, Verb.allCases)
    func `whatever goes wrong, in whichever call, has its code`(forge: ForgeID, verb: Verb) async throws {
        let calls = await run(verb, at: forge).network.requests
        let good = GoodForge(forge).answer
        for trouble in Trouble.allCases where trouble.exists(at: forge) {
            for index in calls.indices {
                let isLast = index == calls.count - 1
                if trouble.needsPages && !(verb.isPaged && isLast) { continue }
                // What only confirms a change is not read.
                if trouble.needsReader && calls[index].method != .get { continue }
                // Nor what is looked for in vain.
                if trouble.needsReader, let status = try good(calls[index])?.status, status >= 300 { continue }
                let (error, network) = await run(verb, at: forge, call: index) { request, good in
                    try trouble.answer(to: request, good: good, at: forge)
                }
                let what = "\(trouble) in call \(index) of \(forge) \(verb)"
                let isOutlived = trouble.status.map { verb.outlives($0, at: forge) } ?? false
                #expect(error?.code == (isOutlived ? nil : trouble.code), "\(what)")
                hold(error, network, at: forge, what)
                if trouble == .tooMany || trouble == .secondaryLimit { #expect(error?.retryAfter == 30, "\(what)") }
            }
        }
    }

    @Test(arguments: Verb.allCases)
    func `GitHub's refusals of a verb's own call have their codes`(verb: Verb) async {
        let writesSeen: Set<Verb> = [.createTag, .createAnnotatedTag, .createFile, .updateFile, .deleteFile]
        let plain = #"{"message":"CANARY","errors":[{"resource":"X","field":"name","code":"invalid"}]}"#
        let table: [(status: Int, code: ForgeError.Code, exceptions: [Verb: ForgeError.Code])] = [
            // A repository that was just read is not missing: the right to write is.
            (404, .notFound, Dictionary(uniqueKeysWithValues: writesSeen.map { ($0, .forbidden) })),
            (409, .conflict, [:]), (422, .invalidRequest, [.files: .notFound]), (451, .forbidden, [:]),
            (400, .invalidRequest, [:]), (418, .invalidRequest, [:]), (304, .unavailable, [:]),
        ]
        let last = await run(verb, at: .github).network.requests.count - 1
        for row in table {
            let (error, network) = await run(verb, at: .github, call: last) { _, _ in
                .json(plain, status: row.status)
            }
            #expect(error?.code == row.exceptions[verb] ?? row.code, "\(row.status) to \(verb)")
            #expect(error?.upstreamStatus == row.status || error?.code == .notFound, "\(row.status) to \(verb)")
            hold(error, network, at: .github, "\(row.status) to \(verb)")
        }
    }

    @Test(arguments: Verb.allCases)
    func `GitLab's refusals of a verb's own call have their codes`(verb: Verb) async {
        let table: [(status: Int, code: ForgeError.Code)] = [
            (404, .notFound), (409, .conflict), (400, .invalidRequest), (422, .invalidRequest), (418, .unavailable),
        ]
        let last = await run(verb, at: .gitlab).network.requests.count - 1
        for row in table {
            let (error, network) = await run(verb, at: .gitlab, call: last) { _, _ in
                .json(#"{"message":"CANARY"}"#, status: row.status)
            }
            #expect(
                error?.code == (verb.outlives(row.status, at: .gitlab) ? nil : row.code), "\(row.status) to \(verb)")
            hold(error, network, at: .gitlab, "\(row.status) to \(verb)")
        }
    }

    @Test(arguments: Verb.allCases)
    func `CodeArts Repo's refusals of a verb's own call have their codes`(verb: Verb) async {
        let table: [(status: Int, code: ForgeError.Code)] = [
            (404, .notFound), (409, .conflict), (400, .invalidRequest), (422, .invalidRequest), (418, .unavailable),
        ]
        let last = await run(verb, at: .devcloud).network.requests.count - 1
        for row in table {
            let (error, network) = await run(verb, at: .devcloud, call: last) { _, _ in
                .json(#"{"error_code":"CANARY","error_msg":"CANARY"}"#, status: row.status)
            }
            #expect(error?.code == row.code, "\(row.status) to \(verb)")
            hold(error, network, at: .devcloud, "\(row.status) to \(verb)")
        }
    }

    @Test(arguments: Verb.allCases)
    func `Bitbucket's refusals of a verb's own call have their codes`(verb: Verb) async {
        let table: [(status: Int, code: ForgeError.Code)] = [
            (404, .notFound), (409, .conflict), (400, .invalidRequest), (410, .unavailable), (418, .unavailable),
            (555, .unavailable),
        ]
        let last = await run(verb, at: .bitbucket).network.requests.count - 1
        for row in table {
            let (error, network) = await run(verb, at: .bitbucket, call: last) { _, _ in
                .json(#"{"type":"error","error":{"message":"CANARY"}}"#, status: row.status)
            }
            // Another listing, less deep, is tried instead.
            let isRetried = verb == .files && row.status == 555
            #expect(error?.code == (isRetried ? nil : row.code), "\(row.status) to \(verb)")
            hold(error, network, at: .bitbucket, "\(row.status) to \(verb)")
        }
    }

    @Test(arguments: ForgeID.allCases.filter { $0.modes.contains(.oauth) }, Verb.allCases)
    func `a refused OAuth token is renewed once, and the call repeated`(forge: ForgeID, verb: Verb) async {
        let stage = GoodForge(forge)
        let old = OAuthTokens(accessToken: Secret("old"), refreshToken: Secret("r"), expires: nil, scopes: [])
        let new = OAuthTokens(accessToken: Secret("new"), refreshToken: Secret("r"), expires: nil, scopes: [])
        let network = StubNetwork(answering: { request in
            if request.proofs.contains(where: { $0 == "Bearer old" || $0.hasSuffix(":old") }) {
                return .json("{}", status: 401)
            }
            return try stage.answer(request) ?? .json("{}", status: 500)
        })
        let source = CredentialSource(
            current: { () throws(ForgeError) in .oauth(old) }, renewed: { (_) throws(ForgeError) in .oauth(new) })
        let opened = stage.host.open(source, upstream: network.upstream)
        #expect(await failure { () throws(ForgeError) in try await verb.run(on: opened, as: stage) } == nil)
        let good = await run(verb, at: forge).network.requests
        #expect(network.requests.count == 2 * good.count)
    }
}

/// Numbers the calls of a verb. A redirect to the same address counts as the same call.
private final class Counter: Sendable {
    private let state = Mutex((next: 0, last: ""))

    func next(_ url: String) -> Int {
        state.withLock { state in
            if state.last != url { state = (state.next + 1, url) }
            return state.next - 1
        }
    }
}
