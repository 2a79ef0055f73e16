// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Configuration
import Foundation
import Logging
import Model
import Storage
import Sandbox

/// A house whose forges are emulated: the same rooms, settings made up, a tenant and a user ready to call.
struct SandboxHouse: Sendable {
    let directory: StateDirectory
    /// 0 for any free one.
    let port: Int
    let forgePort: Int
    let lifetimes: SandboxLifetimes.Chosen
    let readyFile: String?

    private static let tenant = "harbour-works"
    private static let user = "octavia"

    func run() async throws {
        // The address must be known before the server stands: the forges register it for their OAuth redirects.
        let reserved = try ReservedPort(port)
        var options = SandboxOptions(stateDirectory: directory.path + "/forges")
        options.keepsState = directory.isKept
        options.firstPort = forgePort
        lifetimes.apply(to: &options)
        options.hasDataCenter = true
        options.logger.logLevel = .warning
        options.redirectURIs = ["http://127.0.0.1:\(reserved.number)/oauth/callback"]
        print("Starting the emulated forges …")
        let sandbox = try await Sandbox.make(options)
        // The one password here is printed on the screen, and a build without optimisation takes seconds for a costly hash.
        let house = try await House(
            try configuration(for: sandbox, port: reserved.number),
            passwordCost: .init(logRounds: 4, blockSize: 8, parallelism: 1))
        let guest = try await Guest(house, kept: directory.path + "/guest.json")
        try await house.serve(beside: [sandbox]) { [self] port in
            let invitation = Invitation(
                endpoint: "http://127.0.0.1:\(port)", guest: guest, forges: sandbox.all, lifetimes: lifetimes)
            print(invitation.text)
            fflush(nil)
            withExtendedLifetime(reserved) {}
            do {
                try readyFile.map { try invitation.write(to: $0) }
            } catch {
                print("The file \(readyFile ?? "") could not be written: \(error.localizedDescription)")
            }
        }
    }

    private func configuration(for sandbox: Sandbox, port: Int) throws -> ServiceConfiguration {
        var flags = [
            "listen.host": "127.0.0.1", "listen.port": String(port), "store.path": directory.path + "/gatehouse.sqlite",
            "master_key.file": directory.path + "/master.key", "network.allow": "127.0.0.0/8", "log.level": "warning",
            // Whoever tries something here is alone, and may be a load test.
            "quota.requests": "0", "quota.calls": "0",
        ]
        for forge in sandbox.forges {
            let key = "forges.\(forge.forge.rawValue)"
            flags["\(key).host"] = forge.address
            guard forge.forge.modes.contains(.oauth) else { continue }
            flags["\(key).oauth.default.client_id"] = forge.oauthClientID
            flags["\(key).oauth.default.client_secret"] = forge.oauthClientSecret.exposed
        }
        var sites: [AbsoluteConfigKey: ConfigValue] = [:]
        if let dataCenter = sandbox.dataCenter {
            // A site of its own: callers choose it by the tag `datacenter`.
            let key = "forges.\(dataCenter.forge.rawValue)"
            sites[AbsoluteConfigKey(key.split(separator: ".").map(String.init) + ["oauth", "sites"])] = ConfigValue(
                .stringArray(["default", "datacenter"]), isSecret: false)
            flags["\(key).oauth.datacenter.host"] = dataCenter.host
            flags["\(key).oauth.datacenter.client_id"] = dataCenter.oauthClientID
            flags["\(key).oauth.datacenter.client_secret"] = dataCenter.oauthClientSecret.exposed
        }
        return try ServiceConfiguration(
            ConfigReader(providers: [ServiceConfiguration.flags(flags), InMemoryProvider(name: "sites", values: sites)])
        )
    }

    /// The caller that a sandbox is started for. Kept with the state, secrets and all: nothing in a sandbox is worth anything.
    struct Guest: Codable, Sendable {
        let projectID: String
        let domain: String
        let user: String
        let password: String
        let accessKey: String
        let secretKey: String
        /// Issued anew at each start.
        var token = ""

        private enum CodingKeys: String, CodingKey {
            case projectID, domain, user, password, accessKey, secretKey
        }

        init(_ house: House, kept file: String) async throws {
            if let data = FileManager.default.contents(atPath: file) {
                self = try JSONDecoder().decode(Guest.self, from: data)
            } else {
                let tenant = try await house.identity.createTenant(named: SandboxHouse.tenant)
                let password = Identity.makePassword()
                let made = try await house.identity.createUser(
                    named: SandboxHouse.user, password: password, in: tenant)
                let key = try await house.identity.createAccessKey(for: made)
                projectID = tenant.id.text
                domain = tenant.name
                user = made.name
                self.password = password.exposed
                accessKey = key.key.id
                secretKey = key.secret.exposed
                try JSONEncoder().encode(self).write(to: URL(filePath: file), options: .atomic)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            }
            token = try await house.identity.issue(
                KeystoneAuthRequest(
                    method: .password(.name(user, domain: .name(domain)), Secret(password)), scope: nil)
            ).token.exposed
        }
    }
}
