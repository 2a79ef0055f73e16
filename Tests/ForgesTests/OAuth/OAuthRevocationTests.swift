// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct OAuthRevocationTests {
    private static let secret = "CANARY-client-secret"

    private func flow(_ host: ForgeHost, _ steps: StubNetwork.Step...) -> (OAuthFlow, StubNetwork) {
        let network = StubNetwork(steps)
        let application = OAuthApplication(
            host: host, site: nil, clientID: "id one", clientSecret: Secret(Self.secret),
            redirectURI: "https://gate.example/oauth/callback", scopes: [])
        return (OAuthFlow(application, upstream: network.upstream, now: { 1_000 }), network)
    }

    private func tokens(expires: Int64? = nil, refresh: String? = "CANARY-refresh+1") -> OAuthTokens {
        OAuthTokens(
            accessToken: Secret("CANARY-access"), refreshToken: refresh.map { Secret($0) }, expires: expires, scopes: []
        )
    }

    private func revoke(
        _ flow: OAuthFlow, _ tokens: OAuthTokens, _ reach: OAuthFlow.Reach = .grant
    ) async -> Result<OAuthFlow.Revocation, ForgeError> {
        do throws(ForgeError) {
            return .success(try await flow.revoke(tokens, reach))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [
        (OAuthFlow.Reach.grant, "https://api.github.com/applications/id%20one/grant"),
        (.tokens, "https://api.github.com/applications/id%20one/token"),
    ]) func `GitHub is told an access token, by an application that proves itself`(
        reach: OAuthFlow.Reach, address: String
    ) async throws {
        let (flow, network) = flow(.official(.github), .init(.delete, address, status: 204))
        #expect(await revoke(flow, tokens(), reach) == .success(.done))
        let request = try #require(network.requests.first)
        #expect(network.complaints.isEmpty)
        #expect(String(decoding: request.body ?? [], as: UTF8.self) == #"{"access_token":"CANARY-access"}"#)
        let proof = Data("id one:\(Self.secret)".utf8).base64EncodedString()
        #expect(request.header("Authorization") == "Basic \(proof)")
        #expect(request.header("Content-Type") == "application/json")
        #expect(!request.url.contains("CANARY"))
    }

    @Test func `a GitHub Enterprise Server is asked at its own API`() async throws {
        let host = try #require(try ForgeHost.candidates(.github, address: "https://git.example.org").first)
        let (flow, network) = flow(
            host, .init(.delete, "https://git.example.org/api/v3/applications/id%20one/token", status: 204))
        #expect(await revoke(flow, tokens(), .tokens) == .success(.done))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an access token that GitHub would not know is renewed before it is told`() async throws {
        let (flow, network) = flow(
            .official(.github),
            .init(
                .post, "https://github.com/login/oauth/access_token",
                json: #"{"access_token":"CANARY-fresh","refresh_token":"r","expires_in":28800}"#),
            .init(.delete, "https://api.github.com/applications/id%20one/grant", status: 204))
        #expect(await revoke(flow, tokens(expires: 999)) == .success(.done))
        #expect(network.complaints.isEmpty)
        let body = String(decoding: network.requests.last?.body ?? [], as: UTF8.self)
        #expect(body == #"{"access_token":"CANARY-fresh"}"#)
    }

    @Test func `a grant of which GitHub knows nothing any more is dead already`() async throws {
        let (ended, first) = flow(
            .official(.github),
            .init(.post, "https://github.com/login/oauth/access_token", json: #"{"error":"bad_refresh_token"}"#))
        #expect(await revoke(ended, tokens(expires: 999)) == .success(.alreadyDead))
        #expect(first.complaints.isEmpty)
        for status in [404, 422] {
            let (unknown, second) = flow(
                .official(.github),
                .init(.delete, "https://api.github.com/applications/id%20one/grant", status: status))
            #expect(await revoke(unknown, tokens()) == .success(.alreadyDead))
            #expect(second.complaints.isEmpty)
        }
    }

    @Test func `GitLab is told every token, the one that lives longest first`() async throws {
        let step = StubNetwork.Step(.post, "https://gitlab.com/oauth/revoke", json: "{}")
        let (flow, network) = flow(.official(.gitlab), step, step, step)
        var known = tokens(expires: 999)
        known.previousRefreshToken = Secret("CANARY-previous")
        #expect(await revoke(flow, known) == .success(.done))
        #expect(network.complaints.isEmpty)
        let bodies = network.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }
        let client = "client_id=id%20one&client_secret=\(Self.secret)&token="
        #expect(
            bodies == [client + "CANARY-previous", client + "CANARY-refresh%2B1", client + "CANARY-access"])
        #expect(network.requests.allSatisfy { !$0.url.contains("CANARY") })
    }

    @Test func `a token without a refresh token is revoked alone`() async throws {
        let (flow, network) = flow(
            .official(.gitlab), .init(.post, "https://gitlab.com/oauth/revoke", json: "{}"))
        #expect(await revoke(flow, tokens(refresh: nil)) == .success(.done))
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [ForgeID.gitee, .gitea, .bitbucket])
    func `a forge that documents no call is not asked`(forge: ForgeID) async throws {
        let (flow, network) = flow(.official(forge))
        #expect(await revoke(flow, tokens()) == .success(.notOffered))
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [ForgeID.github, .gitlab], [400, 401, 403, 429, 500, 302])
    func `what is no answer to a revocation is a failure that shows no token`(forge: ForgeID, status: Int) async throws
    {
        let step =
            forge == .github
            ? StubNetwork.Step(
                .delete, "https://api.github.com/applications/id%20one/grant", status: status, json: #"{"x":"CANARY"}"#)
            : StubNetwork.Step(
                .post, "https://gitlab.com/oauth/revoke", status: status, json: #"{"x":"CANARY"}"#)
        let (flow, network) = flow(.official(forge), step)
        guard case .failure(let error) = await revoke(flow, tokens()) else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .unavailable && error.upstreamStatus == status)
        #expect(!"\(error)".contains("CANARY"))
        #expect(network.complaints.isEmpty)
    }
}
