// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerErrorsTests {
    private typealias Bench = BitbucketServerBench

    private func run(
        _ status: Int, _ json: String, _ headers: [String: String] = [:]
    ) async throws -> (error: ForgeError?, proofs: [Bool]) {
        let proofs = Mutex<[Bool]>([])
        let source = CredentialSource(
            current: { () throws(ForgeError) in .personal(Secret(Bench.token)) },
            renewed: { (_) throws(ForgeError) in nil },
            proved: { accepted in proofs.withLock { $0.append(accepted) } })
        let network = StubNetwork(
            .init(.get, Bench.repository + "/webhooks?start=0&limit=100", status: status, headers: headers, json: json))
        let forge = try Bench.host().open(source, upstream: network.upstream)
        let error = await failure { () throws(ForgeError) in _ = try await forge.hooks(of: Bench.cider) }
        if let error {
            #expect(!error.message.contains("CANARY"))
            #expect(error.upstreamStatus == status)
        }
        return (error, proofs.withLock { $0 })
    }

    /// Bitbucket has 401 for a user whom it knows, too: that must neither end the authorization nor renew its token.
    @Test(arguments: [
        ("AuthorisationException", ForgeError.Code.forbidden, [Bool]()),
        ("auth.NoAccessAuthenticationException", .forbidden, []),
        ("auth.CaptchaRequiredAuthenticationException", .forbidden, []),
        ("auth.IncorrectPasswordAuthenticationException", .credentialRejected, [false]),
        ("auth.AuthenticationRequiredException", .credentialRejected, [false]),
    ])
    func `401 rejects the credential only where it is about the credential`(
        _ exception: String, _ code: ForgeError.Code, _ proofs: [Bool]
    ) async throws {
        let outcome = try await run(401, Bench.refusal(exception), Bench.headers)
        #expect(outcome.error?.code == code)
        #expect(outcome.proofs == proofs)
    }

    @Test func `401 without a word rejects the credential, a page's does not`() async throws {
        #expect(try await run(401, "").error?.code == .credentialRejected)
        let page = try await run(401, "<html>CANARY</html>", ["Content-Type": "text/html"])
        #expect(page.error?.code == .unavailable)
        #expect(page.proofs == [])
    }

    @Test func `a CAPTCHA is told by its header`() async throws {
        let error = try await run(
            403, "{}", ["X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x"]
        ).error
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("CAPTCHA") == true)
    }

    @Test(arguments: [("17", 17), ("0", 1), ("99999", 3600), ("soon", nil), (nil, nil)])
    func `a rate limit says how long to wait, within reason`(_ header: String?, _ seconds: Int?) async throws {
        let error = try await run(429, Bench.refusal(nil), header.map { ["Retry-After": $0] } ?? [:]).error
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == seconds)
    }

    @Test(arguments: [
        (400, "validation.ArgumentValidationException", ForgeError.Code.invalidRequest),
        (400, "repository.InvalidRefNameException", .invalidRequest), (403, "x", .forbidden),
        (404, "project.NoSuchProjectException", .notFound), (404, "", .notFound), (405, "", .unavailable),
        (409, "content.FileOutOfDateException", .conflict), (409, "repository.RepositoryArchivedException", .forbidden),
        (409, "hook.repository.RepositoryHookVetoedException", .forbidden), (413, "", .invalidRequest),
        (500, "", .unavailable), (503, "", .unavailable), (302, "", .unavailable),
    ])
    func `each refusal has its code`(_ status: Int, _ exception: String, _ code: ForgeError.Code) async throws {
        let outcome = try await run(status, Bench.refusal(exception))
        #expect(outcome.error?.code == code)
        #expect(outcome.proofs == [])
    }
}
