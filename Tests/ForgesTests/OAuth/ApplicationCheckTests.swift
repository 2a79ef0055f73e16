// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// What a forge's answers tell of an OAuth application before anybody has used it.
struct ApplicationCheckTests {
    private func verdict(
        _ forge: ForgeID, token: Result<Upstream.Response, Upstream.Failure>, page: Int = 302
    ) async -> (ApplicationVerdict, [Upstream.Request]) {
        let application = OAuthApplication(
            host: .official(forge), site: nil, clientID: "id", clientSecret: Secret("CANARY-client-secret"),
            redirectURI: "https://gate.example/oauth/callback", scopes: ["api"])
        let network = StubNetwork { request in
            request.method == .post ? try token.get() : .json("", status: page)
        }
        return (await OAuthFlow(application, upstream: network.upstream).check(), network.requests)
    }

    @Test(arguments: [
        (ForgeID.github, #"{"error":"bad_verification_code"}"#, 200), (.gitlab, #"{"error":"invalid_grant"}"#, 400),
        (.gitee, #"{"error":"invalid_grant"}"#, 401), (.bitbucket, #"{"error":"invalid_grant"}"#, 400),
    ])
    func `a forge that refuses the code has taken the application`(forge: ForgeID, body: String, status: Int) async {
        let (verdict, requests) = await verdict(forge, token: .success(.json(body, status: status)))
        #expect(verdict == .accepted)
        #expect(requests.map(\.method) == [.post, .get])
        #expect(requests.last?.url.contains("client_id=id") == true)
        #expect(requests.last?.url.contains("CANARY") == false)
    }

    @Test(arguments: [
        (ForgeID.github, #"{"error":"incorrect_client_credentials"}"#, 200),
        (.gitlab, #"{"error":"invalid_client"}"#, 401), (.gitea, #"{"error":"invalid_client"}"#, 400),
        (.github, "<html>", 404),
    ])
    func `a forge that refuses the application says so`(forge: ForgeID, body: String, status: Int) async {
        let (verdict, _) = await verdict(forge, token: .success(.json(body, status: status)))
        guard case .refused(let why) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(why.contains("client id") && !why.contains("CANARY"))
    }

    @Test func `Gitea has one word for a wrong code and a wrong secret`() async {
        let answer = Upstream.Response.json(#"{"error":"unauthorized_client"}"#, status: 400)
        #expect(await verdict(.gitea, token: .success(answer)).0 == .known)
    }

    @Test func `an application without a page for users is refused`() async {
        let answer = Upstream.Response.json(#"{"error":"invalid_grant"}"#, status: 400)
        guard case .refused(let why) = await verdict(.gitlab, token: .success(answer), page: 404).0 else {
            Issue.record("a page that is not there was taken")
            return
        }
        #expect(why.contains("https://gitlab.com/oauth/authorize"))
    }

    @Test(
        arguments: [Result<Upstream.Response, Upstream.Failure>](
            [.failure(.timedOut), .failure(.unreachable("x")), .success(.json("", status: 503))]))
    func `an outage tells nothing of the application`(token: Result<Upstream.Response, Upstream.Failure>) async {
        guard case .unknown = await verdict(.gitlab, token: token).0 else {
            Issue.record("an outage was taken for a verdict")
            return
        }
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Sun, 01 Mar 2026 00:00:00 GMT", 1_772_323_200),
            ("Fri, 31 Dec 2100 00:00:00 GMT", 4_133_894_400),
        ] as [(String, Int64)])
    func `a date of HTTP is a time`(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test(arguments: ["", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:49:37 GMT", "784111777"])
    func `what is no date of HTTP is none`(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }

    @Test func `a host's answer tells its clock, whatever its status`() async throws {
        let network = StubNetwork(
            .init(
                .get, "https://api.github.com", status: 403, headers: ["Date": "Sun, 06 Nov 1994 08:49:37 GMT"]))
        let look = try await ForgeHost.official(.github).look(over: network.upstream)
        #expect(look.status == 403 && look.date == 784_111_777)
    }
}
