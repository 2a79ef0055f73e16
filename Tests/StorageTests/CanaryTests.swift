// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Testing

@testable import Storage

/// Secrets are planted everywhere, and then every byte of every file is searched for them.
struct CanaryTests {
    @Test func `no file holds a secret in clear, before and after deletion`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let key = try await makeStore(in: directory)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(files.contains("gatehouse.sqlite"))
            for canary in key.canaries {
                for file in files where !key.mayHold(file, canary) {
                    // SQLite removes its -wal and -shm files when the last connection closes, which may be now.
                    guard let bytes = FileManager.default.contents(atPath: directory + "/" + file) else { continue }
                    #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(file) holds \(canary)")
                    let base64 = Data(Data(canary.utf8).base64EncodedString().utf8).dropLast(4)
                    #expect(bytes.range(of: base64) == nil, "\(file) holds \(canary) in base64")
                    // As 16-bit characters, and as the JSON that is sealed would escape it.
                    #expect(bytes.range(of: Data(canary.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })) == nil)
                }
            }
        }
    }

    private struct Planted {
        let canaries: [String]
        let masterKey: String

        /// Only the key file holds the key.
        func mayHold(_ file: String, _ canary: String) -> Bool {
            file == "master.key" && canary == masterKey
        }
    }

    private func makeStore(in directory: String) async throws -> Planted {
        let store = try SQLiteStore(path: directory + "/gatehouse.sqlite")
        let source = KeySource.file(directory + "/master.key")
        let key = try #require(try await source.load(makingOneFor: store)[1])
        let vault = try await Vault(store: store, masterKey: key)
        let id = try #require(TenantID(RandomText.hexadecimal()))
        try await store.insert(Tenant(id: id, domain: RandomText.hexadecimal(), name: "one", created: 0))
        let user = User(id: RandomText.hexadecimal(), tenant: id, name: "tom", created: 0)
        try await store.insert(user, passwordHash: "scrypt$hash")

        var canaries = [key.base64]
        func canary(_ kind: String) -> String {
            let text = "canary-\(kind)-\(RandomText.hexadecimal())"
            canaries.append(text)
            return text
        }
        let credentials: [Credential] = [
            .personal(Secret(canary("personal"))),
            .password(user: "tom", password: Secret(canary("password"))),
            .oauth(
                OAuthTokens(
                    accessToken: Secret(canary("access")), refreshToken: Secret(canary("refresh")), expires: 1,
                    scopes: ["repo"])),
        ]
        for (index, credential) in credentials.enumerated() {
            let name = try #require(AuthorizationName("name\(index)"))
            let authorization = Authorization(
                id: RandomText.hexadecimal(), tenant: id, name: name, forge: .github, mode: credential.mode,
                host: "https://api.github.com", account: Account(login: "tom", home: "h", avatar: "a"), site: nil,
                created: 1, updated: 1, status: .normal)
            try await vault.insert(authorization, credential: credential)
            if case .personal = credential {
                try await vault.replace(
                    credential: .personal(Secret(canary("renewed"))), of: authorization.id, tenant: id, ifRevision: 1)
                #expect(try await vault.delete(named: name, of: id) != nil)
            }
        }
        try await vault.insert(
            AccessKey(id: "AKCANARY", tenant: id, user: user.id, created: 0), secret: Secret(canary("sk")))
        let token = canary("token")
        try await store.insert(
            TokenRecord(digest: Data(digestOf: token), scope: .project, methods: ["password"], issued: 0, expires: 1),
            of: user, forgettingEndedBefore: 0)
        for taken in [false, true] {
            let flow = OAuthState(
                binding: OAuthStateBinding(tenant: id, forge: .github, site: nil), user: user.id, name: nil,
                verifier: Secret(canary("verifier")))
            let state = try await vault.save(flow)
            canaries.append(state)
            if taken { #expect(try await vault.consume(state) == flow) }
        }
        // The store stays open: its log is among the files that are searched.
        return Planted(canaries: canaries, masterKey: key.base64)
    }
}
