// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Synchronization
import TestSupport
import Testing

/// Authorizations by a password that is changed for a token, at CodeArts Repo.
struct PasswordTests {
    private static let password = "canary-password"
    private static let token = "canary-iam-token"

    /// IAM and the API at one address. What each answers can be changed.
    private final class Cloud: Sendable {
        private let state = Mutex((iam: 201, api: 200))

        func set(iam: Int = 201, api: Int = 200) {
            state.withLock { $0 = (iam, api) }
        }

        var network: StubNetwork {
            StubNetwork { request in
                let (iam, api) = self.state.withLock { $0 }
                if request.url.contains("/v3/auth/tokens") {
                    return .json(
                        "{}", status: iam, headers: iam == 201 ? ["X-Subject-Token": PasswordTests.token] : [:])
                }
                return .json(#"{"name":"ada","username":"c1d2"}"#, status: api)
            }
        }
    }

    private static func offer(_ host: String? = nil) -> Broker.Offer {
        Broker.Offer(
            name: "repo", forge: .devcloud, credential: .password(user: "acme/ada", password: Secret(password)),
            host: host)
    }

    private func status(_ house: TestHouse) async throws -> AuthorizationStatus? {
        try await house.broker.authorizations(house.grant()).first?.status
    }

    @Test func `without a host the operator's is meant, and where there is none a region of Huawei Cloud`() async throws
    {
        for (usual, api) in [
            ([ForgeID.devcloud: "https://codehub.devcloud.cn-south-1.huaweicloud.com"], "codehub-ext.cn-south-1"),
            ([:], "codehub-ext.cn-north-4"),
        ] {
            let network = Cloud().network
            let house = try await TestHouse(network: network, usualHosts: usual)
            let made = try await house.broker.authorize(Self.offer(), with: house.grant(.createAuthorization))
            #expect(made.host == "https://\(api).myhuaweicloud.com")
            #expect((made.forge, made.mode, made.user) == (.devcloud, .password, "ada"))
            let region = api.split(separator: ".").last ?? ""
            #expect(network.requests.first?.url.hasPrefix("https://iam.\(region).myhuaweicloud.com/v3/") == true)
        }
    }

    @Test(arguments: [
        (401, ForgeError.Code.credentialRejected), (403, .forbidden), (503, .unavailable), (404, .unavailable),
    ])
    func `a password that IAM does not take is not stored`(status: Int, code: ForgeError.Code) async throws {
        let cloud = Cloud()
        cloud.set(iam: status)
        let house = try await TestHouse(network: cloud.network)
        let error = await #expect(throws: ForgeError.self) {
            try await house.broker.authorize(Self.offer(), with: house.grant(.createAuthorization))
        }
        #expect(error?.code == code)
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
    }

    @Test func `a password that IAM takes no more is told by the status, and an outage is not`() async throws {
        let cloud = Cloud()
        let house = try await TestHouse(network: cloud.network)
        _ = try await house.broker.authorize(Self.offer(), with: house.grant(.createAuthorization))
        let opened = try await house.broker.open("repo", with: house.grant()).forge
        for (iam, api, expected) in [
            (503, 401, AuthorizationStatus.normal), (401, 401, .rejected), (429, 200, .rejected), (201, 200, .normal),
            (201, 500, .normal), (201, 401, .rejected),
        ] {
            cloud.set(iam: iam, api: api)
            do {
                _ = try await opened.account()
            } catch {
                #expect(error.code != .invalidRequest)
            }
            #expect(try await status(house) == expected, "\(iam) \(api)")
        }
    }

    @Test func `CheckRepositoryPassword asks IAM, by a call that wants its token`() async throws {
        let cloud = Cloud()
        let house = try await TestHouse(network: cloud.network)
        _ = try await house.broker.authorize(Self.offer(), with: house.grant(.createAuthorization))
        try await house.broker.checkPasswords(of: .devcloud, with: house.grant())
        cloud.set(iam: 401, api: 401)
        let error = await #expect(throws: ForgeError.self) {
            try await house.broker.checkPasswords(of: .devcloud, with: house.grant())
        }
        #expect(error?.code == .credentialRejected)
    }

    @Test(arguments: [AuthorizationMode.oauth, .personal])
    func `no other credential of CodeArts Repo is taken`(mode: AuthorizationMode) async throws {
        let network = StubNetwork()
        let house = try await TestHouse(network: network)
        let tokens = OAuthTokens(accessToken: Secret("t"), refreshToken: nil, expires: nil, scopes: [])
        let offer = Broker.Offer(
            name: "repo", forge: .devcloud, credential: mode == .oauth ? .oauth(tokens) : .personal(Secret("t")),
            host: nil)
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.authorize(offer, with: house.grant(.createAuthorization))
        }
        #expect(error?.code == .unsupported)
        #expect(network.requests.isEmpty)
    }

    @Test func `neither password nor token is on the disk in clear`() async throws {
        let house = try await TestHouse(network: Cloud().network)
        _ = try await house.broker.authorize(Self.offer(), with: house.grant(.createAuthorization))
        _ = try await house.broker.open("repo", with: house.grant()).forge.account()
        let everything = try house.everythingOnDisk()
        #expect(everything.count > 1000)
        for secret in [Self.password, Self.token] { #expect(everything.range(of: Data(secret.utf8)) == nil) }
    }
}
