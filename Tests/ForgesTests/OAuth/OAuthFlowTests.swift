// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct OAuthFlowTests {
    private static let secret = "CANARY-client-secret"

    private func application(_ forge: ForgeID, id: String = "id one") -> OAuthApplication {
        OAuthApplication(
            host: .official(forge), site: nil, clientID: id, clientSecret: Secret(Self.secret),
            redirectURI: "https://gate.example/oauth/callback?repo_type=github",
            scopes: OAuthApplication.defaultScopes(of: .official(forge)))
    }

    private func flow(_ forge: ForgeID, _ answers: Result<Upstream.Response, Upstream.Failure>...) -> (
        OAuthFlow, StubNetwork
    ) {
        let address = [
            ForgeID.github: "https://github.com/login/oauth/access_token", .gitlab: "https://gitlab.com/oauth/token",
            .bitbucket: "https://bitbucket.org/site/oauth2/access_token",
            .gitee: "https://gitee.com/oauth/token", .gitea: "https://gitea.com/login/oauth/access_token",
        ][forge]
        let network = StubNetwork(answers.map { StubNetwork.Step(.post, address ?? "", $0) })
        return (OAuthFlow(application(forge), upstream: network.upstream, now: { 1_000 }), network)
    }

    private let tokens = OAuthTokens(
        accessToken: Secret("old"), refreshToken: Secret("CANARY-refresh"), expires: 5, scopes: ["repo"])

    private func exchange(_ flow: OAuthFlow) async -> Result<OAuthTokens, ForgeError> {
        do throws(ForgeError) {
            return .success(try await flow.exchange(code: Secret("CANARY-code"), verifier: Secret("v")))
        } catch {
            return .failure(error)
        }
    }

    private func refresh(_ flow: OAuthFlow) async -> Result<OAuthTokens, ForgeError> {
        do throws(ForgeError) {
            return .success(try await flow.refresh(tokens))
        } catch {
            return .failure(error)
        }
    }

    @Test func `the address to open has ServiceStage's parameters in its order, then PKCE's`() {
        // The verifier and challenge of RFC 7636, appendix B.
        let verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        let github = OAuthFlow(application(.github), upstream: StubNetwork().upstream)
        #expect(
            github.authorizeURL(state: "$2a/ü", verifier: verifier)
                == "https://github.com/login/oauth/authorize?client_id=id%20one"
                + "&redirect_uri=https%3A%2F%2Fgate.example%2Foauth%2Fcallback%3Frepo_type%3Dgithub&state=%242a%2F%C3%BC"
                + "&scope=read%3Auser%20repo%20write%3Arepo_hook%20read%3Aorg&response_type=code"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")
        let gitlab = OAuthFlow(application(.gitlab), upstream: StubNetwork().upstream)
        #expect(
            gitlab.authorizeURL(state: "s", verifier: verifier).hasPrefix(
                "https://gitlab.com/oauth/authorize?client_id="))
        #expect(gitlab.authorizeURL(state: "s", verifier: verifier).contains("&scope=api&"))
    }

    @Test func `verifiers are unguessable and of PKCE's alphabet`() {
        let verifiers = (0..<100).map { _ in OAuthFlow.makeVerifier().exposed }
        #expect(Set(verifiers).count == 100)
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        #expect(verifiers.allSatisfy { (43...128).contains($0.count) && Set($0).isSubset(of: alphabet) })
    }

    @Test func `a code is exchanged with everything that proves it`() async throws {
        let answer =
            #"{"access_token":"gho_new","token_type":"bearer","scope":"repo,read:org","expires_in":28800,"refresh_token":"ghr_x"}"#
        let (flow, network) = flow(.github, .success(.json(answer)))
        #expect(
            try await exchange(flow).get()
                == OAuthTokens(
                    accessToken: Secret("gho_new"), refreshToken: Secret("ghr_x"), expires: 29_800,
                    scopes: ["repo", "read:org"]))
        let request = try #require(network.requests.first)
        #expect(request.header("Accept") == "application/json")
        #expect(request.header("Content-Type") == "application/x-www-form-urlencoded")
        #expect(request.header("Authorization") == nil)
        #expect(
            String(decoding: request.body ?? [], as: UTF8.self)
                == "client_id=id%20one&client_secret=CANARY-client-secret&grant_type=authorization_code&code=CANARY-code"
                + "&redirect_uri=https%3A%2F%2Fgate.example%2Foauth%2Fcallback%3Frepo_type%3Dgithub&code_verifier=v")
    }

    @Test(
        arguments: [
            (#"{"access_token":"a","expires_in":7200,"created_at":900}"#, 8_200),
            (#"{"access_token":"a","expires_in":"7200"}"#, 8_200),
            (#"{"access_token":"a","expires_in":7200.5}"#, 8_200), (#"{"access_token":"a"}"#, nil),
            (#"{"access_token":"a","expires_in":null}"#, nil), (#"{"access_token":"a","expires_in":0}"#, nil),
            (#"{"access_token":"a","expires_in":-5}"#, nil), (#"{"access_token":"a","expires_in":"soon"}"#, nil),
            (#"{"access_token":"a","expires_in":1e300}"#, nil),
            (#"{"access_token":"a","expires_in":9e17}"#, 315_361_000),
            (#"{"access_token":"a","expires_in":[1],"extra":{"x":[]}}"#, nil),
        ] as [(String, Int64?)])
    func `a lifetime counts from now, in whatever form it comes`(answer: String, expires: Int64?) async throws {
        let (flow, _) = flow(.gitlab, .success(.json(answer)))
        #expect(try await exchange(flow).get().expires == expires)
    }

    @Test func `scopes that are not named are those asked for`() async throws {
        let (flow, _) = flow(.gitlab, .success(.json(#"{"access_token":"a"}"#)))
        #expect(try await exchange(flow).get().scopes == ["api"])
        let (spaced, _) = self.flow(.gitlab, .success(.json(#"{"access_token":"a","scope":"api read_user"}"#)))
        #expect(try await exchange(spaced).get().scopes == ["api", "read_user"])
    }

    @Test func `a form-encoded answer is understood`() async throws {
        let form = "access_token=gho_%2B+x&expires_in=100&refresh_token=&scope=repo%2Cgist&token_type=bearer"
        let (flow, _) = flow(.github, .success(Upstream.Response(status: 200, body: Array(form.utf8))))
        #expect(
            try await exchange(flow).get()
                == OAuthTokens(
                    accessToken: Secret("gho_+ x"), refreshToken: nil, expires: 1_100, scopes: ["repo", "gist"]))
        let (refused, _) = self.flow(
            .github, .success(Upstream.Response(status: 200, body: Array("error=bad_verification_code".utf8))))
        #expect(await code(exchange(refused)) == .oauthRejected)
    }

    @Test func `tokens of any length and letters are kept as they are`() async throws {
        let token = String(repeating: "x-._~+/=ü ", count: 1000)
        let (flow, _) = flow(.github, .success(.json(#"{"access_token":"\#(token)"}"#)))
        #expect(try await exchange(flow).get().accessToken == Secret(token))
    }

    @Test func `a renewal keeps the old refresh token where there is no new one`() async throws {
        let (flow, network) = flow(
            .gitlab, .success(.json(#"{"access_token":"new","refresh_token":"r2","expires_in":7200}"#)),
            .success(.json(#"{"access_token":"newer"}"#)))
        let first = try await refresh(flow).get()
        #expect(
            first
                == OAuthTokens(
                    accessToken: Secret("new"), refreshToken: Secret("r2"), expires: 8_200, scopes: ["repo"]))
        #expect(
            try await refresh(flow).get()
                == OAuthTokens(
                    accessToken: Secret("newer"), refreshToken: Secret("CANARY-refresh"), expires: nil, scopes: ["repo"]
                ))
        #expect(
            String(decoding: network.requests[0].body ?? [], as: UTF8.self)
                == "client_id=id%20one&client_secret=CANARY-client-secret&grant_type=refresh_token"
                + "&refresh_token=CANARY-refresh"
                + "&redirect_uri=https%3A%2F%2Fgate.example%2Foauth%2Fcallback%3Frepo_type%3Dgithub")
    }

    @Test func `what cannot be asked is refused without a call`() async {
        let (flow, network) = flow(.github)
        #expect(
            await failure { () throws(ForgeError) in
                try await flow.exchange(code: Secret(""), verifier: Secret("v"))
            }?.code == .oauthRejected)
        let bare = OAuthTokens(accessToken: Secret("a"), refreshToken: nil, expires: 1, scopes: [])
        #expect(
            await failure { () throws(ForgeError) in try await flow.refresh(bare) }?.code == .credentialRejected)
        #expect(network.requests.isEmpty)
    }

    private func code(_ result: Result<OAuthTokens, ForgeError>) -> ForgeError.Code? {
        if case .failure(let error) = result { error.code } else { nil }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let forge: ForgeID
        let status: Int
        let error: String
        let exchange: ForgeError.Code
        let refresh: ForgeError.Code

        var testDescription: String { "\(forge) \(status) \(error)" }
    }

    @Test(arguments: [
        Refusal(
            forge: .github, status: 200, error: "bad_verification_code", exchange: .oauthRejected,
            refresh: .credentialRejected),
        Refusal(
            forge: .github, status: 200, error: "bad_refresh_token", exchange: .oauthRejected,
            refresh: .credentialRejected),
        Refusal(
            forge: .github, status: 200, error: "incorrect_client_credentials", exchange: .unavailable,
            refresh: .unavailable),
        Refusal(
            forge: .github, status: 200, error: "redirect_uri_mismatch", exchange: .unavailable, refresh: .unavailable),
        Refusal(
            forge: .github, status: 200, error: "application_suspended", exchange: .unavailable, refresh: .unavailable),
        Refusal(
            forge: .github, status: 200, error: "unverified_user_email", exchange: .oauthRejected,
            refresh: .oauthRejected),
        Refusal(forge: .github, status: 404, error: "Not Found", exchange: .unavailable, refresh: .unavailable),
        Refusal(
            forge: .gitlab, status: 400, error: "invalid_grant", exchange: .oauthRejected, refresh: .credentialRejected),
        Refusal(
            forge: .gitlab, status: 401, error: "invalid_grant", exchange: .oauthRejected, refresh: .credentialRejected),
        Refusal(forge: .gitlab, status: 401, error: "invalid_client", exchange: .unavailable, refresh: .unavailable),
        Refusal(forge: .gitlab, status: 400, error: "invalid_request", exchange: .unavailable, refresh: .unavailable),
        Refusal(forge: .gitlab, status: 400, error: "something new", exchange: .unavailable, refresh: .unavailable),
        Refusal(forge: .gitlab, status: 503, error: "invalid_grant", exchange: .unavailable, refresh: .unavailable),
        Refusal(forge: .gitlab, status: 429, error: "invalid_grant", exchange: .rateLimited, refresh: .rateLimited),
    ])
    func `whom a refusal is to blame on is told apart`(refusal: Refusal) async {
        let body = #"{"error":"\#(refusal.error)","error_description":"CANARY <b>"}"#
        let answer = Upstream.Response.json(body, status: refusal.status)
        for (result, wanted) in [
            (await exchange(flow(refusal.forge, .success(answer)).0), refusal.exchange),
            (await refresh(flow(refusal.forge, .success(answer)).0), refusal.refresh),
        ] {
            guard case .failure(let error) = result else {
                Issue.record("no error")
                continue
            }
            #expect(error.code == wanted)
            #expect(!"\(error)".contains("CANARY"))
            #expect(!error.message.contains("<"))
        }
    }

    @Test(arguments: [
        Result<Upstream.Response, Upstream.Failure>.success(.json("")), .success(.json("{}")), .success(.json("[]")),
        .success(.json("null")), .success(.json(#"{"access_token":""}"#)), .success(.json(#"{"access_token":5,"x":"#)),
        .success(.json(#"{"access_token":"a"}"#, status: 500)), .success(.json(#"{"access_token":"a"}"#, status: 302)),
        .success(Upstream.Response(status: 200, body: Array("<html>access_token=a</html>".utf8))),
        .success(Upstream.Response(status: 200, body: [0xFF, 0xFE])),
        .success(Upstream.Response(status: 302, headers: [Upstream.Header("Location", "https://evil.example")])),
        .success(Upstream.Response(status: 403)), .failure(.unreachable("x")), .failure(.tooLarge(limit: 1)),
        .failure(.unknownHost),
    ])
    func `an outage or nonsense says nothing about the grant`(answer: Result<Upstream.Response, Upstream.Failure>) async
    {
        #expect(await code(exchange(flow(.github, answer).0)) == .unavailable)
        #expect(await code(refresh(flow(.github, answer).0)) == .unavailable)
    }

    @Test func `a timeout and a rate limit are told as such`() async {
        #expect(await code(refresh(flow(.gitlab, .failure(.timedOut)).0)) == .timedOut)
        for (status, headers, wait) in [
            (429, ["Retry-After": "7"], 7), (403, ["Retry-After": "9"], 9), (429, [:], 60),
            (429, ["Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"], 60),
        ] {
            let answer = Upstream.Response.json("", status: status, headers: headers)
            guard case .failure(let error) = await refresh(flow(.gitlab, .success(answer)).0) else {
                Issue.record("no error")
                continue
            }
            #expect(error.code == .rateLimited)
            #expect(error.retryAfter == wait)
        }
    }

    @Test func `Enterprise Server and self-managed installations have their own addresses`() async throws {
        for (forge, address, token) in [
            (ForgeID.github, "https://git.example.org", "https://git.example.org/login/oauth/access_token"),
            (.gitlab, "https://git.example.org/gitlab/api/v4", "https://git.example.org/gitlab/oauth/token"),
            (.bitbucket, "http://127.0.0.1:9003/2.0", "http://127.0.0.1:9003/site/oauth2/access_token"),
            (
                .bitbucket, "https://git.example.org/stash/rest/api/latest",
                "https://git.example.org/stash/rest/oauth2/latest/token"
            ),
        ] {
            let host = try #require(try ForgeHost.candidates(forge, address: address).first)
            let network = StubNetwork(.init(.post, token, json: #"{"access_token":"a"}"#))
            let application = OAuthApplication(
                host: host, site: "intl", clientID: "i", clientSecret: Secret("s"), redirectURI: "r", scopes: [])
            let flow = OAuthFlow(application, upstream: network.upstream)
            #expect(try await flow.exchange(code: Secret("c"), verifier: Secret("v")).accessToken == Secret("a"))
        }
    }

    @Test func `Bitbucket Cloud is shown the application's secret by Basic alone`() async throws {
        let answer = #"{"access_token":"a","scopes":"account webhook","expires_in":7200,"refresh_token":"r2"}"#
        let (flow, network) = flow(.bitbucket, .success(.json(answer)), .success(.json(answer)))
        let tokens = try await exchange(flow).get()
        #expect(tokens.scopes == ["account", "webhook"])
        #expect(tokens.expires == 8_200)
        _ = try await refresh(flow).get()
        let pair = Data("id one:\(Self.secret)".utf8).base64EncodedString()
        #expect(network.requests.map { $0.header("Authorization") } == ["Basic \(pair)", "Basic \(pair)"])
        #expect(
            network.requests.map(\.text).allSatisfy { !$0.contains("client_id=") && !$0.contains("client_secret=") })
        #expect(network.complaints.isEmpty)
    }

    @Test func `Bitbucket's consent pages are Cloud's and Data Center's own`() throws {
        let server = try #require(ForgeHost(.bitbucket, stored: "https://git.example.org/rest/api/latest"))
        for (host, page, scope) in [
            (ForgeHost.official(.bitbucket), "https://bitbucket.org/site/oauth2/authorize?", "account"),
            (server, "https://git.example.org/rest/oauth2/latest/authorize?", "PROJECT_ADMIN"),
        ] {
            let application = OAuthApplication(
                host: host, site: nil, clientID: "i", clientSecret: Secret("s"), redirectURI: "r",
                scopes: OAuthApplication.defaultScopes(of: host))
            let address = OAuthFlow(application, upstream: StubNetwork().upstream).authorizeURL(
                state: "s", verifier: Secret("v"))
            #expect(address.hasPrefix(page))
            #expect(address.contains("&scope=\(scope)"))
        }
    }
}
