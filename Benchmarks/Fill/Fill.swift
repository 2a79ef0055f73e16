// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Storage

/// Makes a store with many authorizations, for `scripts/rotation.py`:
///
///     gatehouse-fill STORE KEYFILE COUNT TENANTS GITHUB
///
/// They belong in equal parts to the tenants, are named `auth-0` and so on in each, and are good at an emulated GitHub whose
/// token is read from standard input. Prints the projects' IDs, each with a user's token, as JSON.
@main
struct Fill {
    struct Project: Encodable {
        let project: String
        let token: String
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let count = Int(arguments[3]), let tenants = Int(arguments[4]), tenants > 0,
            let token = readLine(strippingNewline: true)
        else {
            FileHandle.standardError.write(
                Data("gatehouse-fill STORE KEYFILE COUNT TENANTS GITHUB, the token on standard input\n".utf8))
            exit(1)
        }
        let store = try SQLiteStore(path: arguments[1])
        let vault = try await Vault(store: store, keys: .file(arguments[2]))
        let identity = Identity(
            store: store, vault: vault,
            passwords: PasswordHashing(cost: .init(logRounds: 4, blockSize: 8, parallelism: 1)))
        let host = try ForgeHost.candidates(.github, address: arguments[5])[0]
        let account = Account(login: "octavia", home: host.pages + "/octavia", avatar: host.pages + "/avatars/octavia")
        var projects: [Project] = []
        for number in 0..<tenants {
            let tenant = try await identity.createTenant(named: "rotation-\(number)")
            let password = Identity.makePassword()
            let user = try await identity.createUser(named: "reader", password: password, in: tenant)
            let issued = try await identity.issue(
                KeystoneAuthRequest(method: .password(.id(user.id), password), scope: nil))
            projects.append(Project(project: tenant.id.text, token: issued.token.exposed))
            for index in 0..<(count / tenants) {
                guard let name = AuthorizationName("auth-\(index)") else { continue }
                let now = WallClock.system.milliseconds
                try await vault.insert(
                    Authorization(
                        id: RandomText.hexadecimal(), tenant: tenant.id, name: name, forge: .github, mode: .personal,
                        host: host.shown, account: account, site: nil, created: now, updated: now, status: .normal),
                    credential: .personal(Secret(token)))
            }
            if number % 50 == 49 {
                FileHandle.standardError.write(Data("\((number + 1) * (count / tenants)) authorizations\n".utf8))
            }
        }
        try store.close()
        print(String(decoding: try JSONEncoder().encode(projects), as: UTF8.self))
    }
}
