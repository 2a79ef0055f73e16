// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// What each forge tells of a credential, and whom that is told.
struct CredentialFactsTests {
    /// 2026-12-01T00:00:00Z.
    private static let december: Int64 = 1_796_083_200
    private static let grant = Credential.oauth(
        OAuthTokens(accessToken: Secret("t"), refreshToken: Secret("r"), expires: 1, scopes: ["a"]))

    /// Asks a forge, and hears what its source is told.
    private func ask(
        _ host: ForgeHost, as credential: Credential? = nil, _ network: StubNetwork
    ) async -> (facts: CredentialFacts?, error: ForgeError?, told: [Bool]) {
        let told = Told()
        let given = credential ?? StubAccount.credential(of: host.forge)
        let source = CredentialSource(
            current: { () throws(ForgeError) in given }, renewed: { (_) throws(ForgeError) in nil },
            proved: { told.add($0) })
        let forge = host.open(source, upstream: network.upstream)
        do throws(ForgeError) {
            return (try await forge.credentialFacts(), nil, told.all)
        } catch {
            return (nil, error, told.all)
        }
    }

    @Test(arguments: ForgeID.allCases)
    func `a good credential is proved at every forge`(forge: ForgeID) async throws {
        let (facts, error, told) = await ask(.official(forge), StubAccount.network(of: forge))
        #expect(facts != nil)
        #expect(error == nil)
        #expect(told.last == true)
    }

    @Test(arguments: ForgeID.allCases)
    func `a dead credential is told so at every forge`(forge: ForgeID) async throws {
        let network = StubNetwork(answering: { _ in .json(#"{"message":"no"}"#, status: 401) })
        let (_, error, told) = await ask(.official(forge), network)
        #expect(error?.code == .credentialRejected)
        #expect(told == [false])
    }

    @Test(arguments: ForgeID.allCases, [429, 500, 503])
    func `an outage says nothing of the credential`(forge: ForgeID, status: Int) async throws {
        let network = StubNetwork(answering: { _ in .json("{}", status: status) })
        let (_, error, told) = await ask(.official(forge), network)
        #expect(error?.code == (status == 429 ? .rateLimited : .unavailable))
        #expect(told.isEmpty)
    }

    @Test(arguments: ForgeID.allCases.filter { $0.modes.contains(.oauth) })
    func `an OAuth grant has no end by itself`(forge: ForgeID) async throws {
        let network = StubNetwork(answering: { request in
            var answer = try StubAccount.answer(request, of: forge)
            answer.headers.append(Upstream.Header("GitHub-Authentication-Token-Expiration", "2026-12-01 00:00:00 UTC"))
            return answer
        })
        let (facts, _, told) = await ask(.official(forge), as: Self.grant, network)
        #expect(facts?.expires == nil)
        #expect(told == [true])
    }

    private static func github(_ headers: [String: String]) -> StubNetwork {
        StubNetwork(
            .init(.get, "https://api.github.com/user", headers: headers, json: #"{"login":"ada","html_url":null}"#))
    }

    @Test(arguments: [
        ("2026-12-01 00:00:00 UTC", december), ("2026-12-01 02:00:00 +0200", december),
        ("2026-11-30 19:30:00 -0430", december), ("2023-01-31 23:00:00 UTC", 1_675_206_000),
        ("2026-12-01T00:00:00Z", nil), ("2026-12-01", nil), ("2026-02-31 00:00:00 UTC", nil),
        ("2026-12-01 00:00:00 CEST", nil), ("2026-12-01 25:00:00 UTC", nil), ("", nil), ("  ", nil), ("never", nil),
        ("99999999999999999999 00:00:00 UTC", nil), ("２０２６-12-01 00:00:00 UTC", nil),
    ])
    func `GitHub tells a personal token's end in a header`(text: String, expires: Int64?) async {
        for credential in [Credential.personal(Secret("t")), .password(user: "ada", password: Secret("t"))] {
            let network = Self.github(["GitHub-Authentication-Token-Expiration": text])
            let (facts, _, told) = await ask(.official(.github), as: credential, network)
            #expect(facts == CredentialFacts(expires: expires, scopes: nil))
            #expect(told == [true])
            #expect(network.complaints.isEmpty)
        }
    }

    @Test(arguments: [
        ("repo, admin:repo_hook", ["repo", "admin:repo_hook"]), ("", []), ("repo, <script>, gist", ["repo", "gist"]),
    ])
    func `GitHub tells a classic token's scopes in a header`(text: String, scopes: [String]) async {
        let classic = await ask(.official(.github), Self.github(["X-OAuth-Scopes": text]))
        #expect(classic.facts == CredentialFacts(expires: nil, scopes: scopes))
        // The grant of a GitHub App has permissions in the place of scopes.
        let grant = await ask(.official(.github), as: Self.grant, Self.github(["X-OAuth-Scopes": text]))
        #expect(grant.facts == CredentialFacts(expires: nil, scopes: scopes.isEmpty ? nil : scopes))
    }

    @Test func `no more scopes are kept than anybody has`() async {
        let many = Array(repeating: "repo", count: 5000).joined(separator: ",")
        let (facts, _, _) = await ask(.official(.github), Self.github(["X-OAuth-Scopes": many]))
        #expect(facts?.scopes?.count == 100)
    }

    private static let tokenSelf = GitLabBench.api + "/personal_access_tokens/self"

    @Test func `a GitLab token is asked for itself, and ends as its day begins`() async throws {
        let network = StubNetwork(.init(.get, Self.tokenSelf, json: try GitLabBench.fixture("token_self")))
        let (facts, _, told) = await ask(.official(.gitlab), network)
        #expect(facts == CredentialFacts(expires: Self.december, scopes: ["api"]))
        #expect(told == [true])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (#"{"scopes":["read_user","api"],"expires_at":null}"#, CredentialFacts(scopes: ["read_user", "api"])),
        (#"{"scopes":[],"expires_at":"soon"}"#, CredentialFacts(scopes: [])),
        (#"{"scopes":"api","expires_at":5}"#, CredentialFacts()), ("{}", CredentialFacts()),
        (#"{"scopes":["a b","<i>","api"],"expires_at":"2026-02-30"}"#, CredentialFacts(scopes: ["api"])),
        (#"{"expires_at":"2026-12-01T00:00:00.000Z"}"#, CredentialFacts(expires: december)),
    ])
    func `what GitLab tells in another form is passed over`(json: String, facts: CredentialFacts) async {
        let answer = await ask(.official(.gitlab), StubNetwork(.init(.get, Self.tokenSelf, json: json)))
        #expect(answer.facts == facts)
        #expect(answer.told == [true])
    }

    @Test(arguments: [400, 401, 403, 404], [200, 401, 403])
    func `a GitLab that does not know the question is asked for the user`(status: Int, user: Int) async {
        let network = StubNetwork(
            .init(.get, Self.tokenSelf, status: status, json: #"{"message":"no"}"#),
            .init(
                .get, GitLabBench.api + "/user", status: user,
                json: #"{"username":"mira","web_url":"https://gitlab.com/mira","avatar_url":null}"#))
        let (facts, error, told) = await ask(.official(.gitlab), network)
        #expect(facts == (user == 200 ? CredentialFacts() : nil))
        #expect(error?.code == (user == 200 ? nil : user == 401 ? .credentialRejected : .forbidden))
        #expect(told == (user == 403 ? [] : [user == 200]))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an OAuth grant of GitLab is proved by the user's call`() async {
        let network = StubNetwork(
            .init(
                .get, GitLabBench.api + "/user",
                json: #"{"username":"mira","web_url":"https://gitlab.com/mira","avatar_url":null}"#))
        #expect(await ask(.official(.gitlab), as: Self.grant, network).facts == CredentialFacts())
        #expect(network.complaints.isEmpty)
    }

    @Test func `Bitbucket tells scopes in a header, to an access token in its refusal`() async throws {
        let headers = ["X-OAuth-Scopes": "repository:write, webhook, account", "X-Credential-Type": "oauth2"]
        let user = StubNetwork(
            .init(.get, BitbucketBench.api + "/user", headers: headers, json: try BitbucketBench.fixture("user")))
        let granted = await ask(.official(.bitbucket), as: Self.grant, user)
        #expect(granted.facts == CredentialFacts(scopes: ["repository:write", "webhook", "account"]))
        for token in ["ATCTT3x", "seamark:ATCTT3x"] {
            let refusal = StubNetwork(
                .init(
                    .get, BitbucketBench.api + "/user", status: 403, headers: ["X-OAuth-Scopes": "repository"],
                    json: try BitbucketBench.fixture("kind_of_token")))
            let (facts, error, told) = await ask(.official(.bitbucket), as: .personal(Secret(token)), refusal)
            #expect(facts == CredentialFacts(scopes: ["repository"]))
            #expect(error == nil)
            #expect(told == [true])
        }
    }

    @Test(arguments: ["mira", "anonymous", ""])
    func `Bitbucket Data Center answers nobody, too, which proves nothing`(user: String) async throws {
        let network = StubNetwork(
            .init(
                .get, BitbucketServerBench.api + "/application-properties", headers: ["X-AUSERNAME": user],
                json: try BitbucketServerBench.fixture("application")))
        let (facts, error, told) = await ask(
            try BitbucketServerBench.host(), as: .personal(Secret("BBDC-x")), network)
        #expect(facts == (user == "mira" ? CredentialFacts() : nil))
        #expect(error?.code == (user == "mira" ? nil : .credentialRejected))
        #expect(told == [user == "mira"])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (#""2026-12-01T00:00:00.000000Z""#, december), (#""""#, nil), ("null", nil), (#""never""#, nil),
    ])
    func `IAM tells a password's end with a token`(text: String, expires: Int64?) async {
        let network = StubNetwork(answering: { request in
            request.url == CodeArtsBench.tokens
                ? .json(
                    #"{"token":{"expires_at":"2099-01-01T00:00:00.000000Z","user":{"password_expires_at":\#(text)}}}"#,
                    status: 201, headers: ["X-Subject-Token": "t"])
                : .json(#"{"id":1,"name":"ada","username":"c1d2"}"#)
        })
        let password = Credential.password(user: "acme/ada", password: Secret("p"))
        let (facts, _, told) = await ask(.official(.devcloud), as: password, network)
        #expect(facts == CredentialFacts(expires: expires))
        #expect(told == [true])
    }
}

/// Everything that a source was told.
private final class Told: Sendable {
    private let list = Mutex<[Bool]>([])

    func add(_ accepted: Bool) { list.withLock { $0.append(accepted) } }

    var all: [Bool] { list.withLock { $0 } }
}
