// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Model
import Storage
import Synchronization
import Testing

@testable import Access

/// The identity on a store of its own, at 2025-01-02T03:04:05Z, with the tenant and the access key that the signatures of
/// `IdentityVectorTests` were made for, and with a second tenant.
struct IdentityFixture: Sendable {
    static let project = "7c6a62ddb2bf45a3920d8053d3cb8fbf"
    static let accessKey = "EXAMPLEAK0001"
    static let secretKey = "exampleSecretKey0001"
    static let password = "correct horse"

    final class Clock: Sendable {
        private let now = Mutex<Int64>(1_735_787_045_000)

        var milliseconds: Int64 { now.withLock { $0 } }
        func advance(seconds: Int64) { now.withLock { $0 += seconds * 1000 } }
    }

    let identity: Identity
    let vault: Vault
    let store: SQLiteStore
    let clock: Clock
    let tenants: [Tenant]
    let users: [User]
    let directory: String

    static func with(
        settings: Identity.Settings = Identity.Settings(), _ body: (IdentityFixture) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "gatehouse-" + RandomText.hexadecimal(byteCount: 8)
        let store = try SQLiteStore(path: directory + "/gatehouse.sqlite")
        let outcome: Result<Void, any Error>
        do {
            try await body(try await make(store, directory, settings))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try store.close()
        try FileManager.default.removeItem(atPath: directory)
        try outcome.get()
    }

    private static func make(
        _ store: SQLiteStore, _ directory: String, _ settings: Identity.Settings
    ) async throws -> IdentityFixture {
        let clock = Clock()
        let wall = WallClock { clock.milliseconds }
        let key = try MasterKey(text: RandomText.hexadecimal(byteCount: 32))
        let vault = try await Vault(store: store, masterKey: key, clock: wall)
        let identity = Identity(
            store: store, vault: vault, settings: settings, clock: wall,
            passwords: PasswordHashing(cost: .init(logRounds: 4, blockSize: 1, parallelism: 1)))
        let first = Tenant(
            id: try #require(TenantID(project)), domain: RandomText.hexadecimal(), name: "acme",
            created: clock.milliseconds)
        try await store.insert(first)
        let tenants = [first, try await identity.createTenant(named: "other")]
        var users: [User] = []
        for tenant in tenants {
            users.append(try await identity.createUser(named: "tom", password: Secret(password), in: tenant))
        }
        try await vault.insert(
            AccessKey(id: accessKey, tenant: first.id, user: users[0].id, created: clock.milliseconds),
            secret: Secret(secretKey))
        return IdentityFixture(
            identity: identity, vault: vault, store: store, clock: clock, tenants: tenants, users: users,
            directory: directory)
    }

    /// A password request of the first tenant's user, or of the second's.
    func passwordRequest(
        tenant: Int = 0, password: String = password, scope: KeystoneAuthRequest.Scope? = nil
    ) -> KeystoneAuthRequest {
        KeystoneAuthRequest(
            method: .password(.name("tom", domain: .name(tenants[tenant].name)), Secret(password)), scope: scope)
    }
}

/// A request that a test signs by itself: the canonical parts are written down in the test, not computed.
struct TestRequest: Sendable {
    var method = "GET"
    var path = "/v1/\(IdentityFixture.project)/git/auths"
    var query = ""
    var headers: [(name: String, value: String)] = [("x-sdk-date", "20250102T030405Z"), ("host", "127.0.0.1")]
    var body: [UInt8] = []
    var signedHeaders = ["host", "x-sdk-date"]

    var canonicalPath = "/v1/\(IdentityFixture.project)/git/auths/"
    var canonicalQuery = ""
    var payload: String?

    func signature(key: String = IdentityFixture.secretKey) -> String {
        let text = stringToSign(algorithm: "SDK-HMAC-SHA256")
        return hex(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Data(key.utf8))))
    }

    func stringToSign(algorithm: String, hash: SigningHash = .sha256) -> String {
        let lines = signedHeaders.flatMap { name in
            headers.filter { $0.name.lowercased() == name.lowercased() }.map { "\(name.lowercased()):\($0.value)\n" }
        }
        let digest = payload ?? hex(SignedBody(body).digest(by: hash))
        let canonical = [
            method, canonicalPath, canonicalQuery, lines.joined(), signedHeaders.joined(separator: ";").lowercased(),
            digest,
        ].joined(separator: "\n")
        let date = headers.first { $0.name.lowercased() == "x-sdk-date" }?.value ?? ""
        return "\(algorithm)\n\(date)\n\(hex(SignedBody(Array(canonical.utf8)).digest(by: hash)))"
    }

    func authorization(
        key: String = IdentityFixture.secretKey, accessKey: String = IdentityFixture.accessKey
    ) -> String {
        "SDK-HMAC-SHA256 Access=\(accessKey), SignedHeaders=\(signedHeaders.joined(separator: ";")), "
            + "Signature=\(signature(key: key))"
    }

    /// As it goes over the wire. Without an own text, the right signature is in it.
    func signed(_ authorization: String? = nil) -> SignedRequest {
        let all = headers + [("Authorization", authorization ?? self.authorization())]
        return SignedRequest(
            method: method, path: path, query: query,
            headers: { name in all.filter { $0.0.lowercased() == name }.map { $0.1 } }, body: SignedBody(body))
    }

    /// With no credentials at all.
    func bare() -> SignedRequest {
        let all = headers
        return SignedRequest(
            method: method, path: path, query: query,
            headers: { name in all.filter { $0.0.lowercased() == name }.map { $0.1 } }, body: SignedBody(body))
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// The error that a call must throw; nil when it goes through.
func accessError(_ call: () async throws -> Void) async throws -> AccessError? {
    do {
        try await call()
        return nil
    } catch let error as AccessError {
        return error
    }
}
