// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Forges
import Foundation
import Model
import Storage

struct TenantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a tenant with its users, access keys and authorizations. There is no way back.",
        discussion: """
            Afterwards its OAuth grants are ended at their forges, one after another, where a forge has a call for it. That may
            be stopped with Ctrl-C: the tenant is gone by then.
            """)

    @Argument(help: "The tenant's name or project ID.")
    var name: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let tenant = try await house.identity.tenant(named: name)
            if !yes {
                let users = try await house.identity.users(of: tenant).count
                let authorizations = try await house.vault.authorizations(of: tenant.id).count
                print(
                    "\(name) has \(Self.counted(users, "user")) and \(Self.counted(authorizations, "authorization")). Type its name to delete it all: ",
                    terminator: "")
                fflush(nil)
                guard readLine(strippingNewline: true) == name else {
                    throw Refusal("Nothing was deleted. --yes deletes without asking.")
                }
            }
            let jobs = try await Self.revocations(of: tenant, in: house)
            let authorizations = try await house.vault.authorizations(of: tenant.id)
            try await house.identity.delete(tenant)
            try await house.record(deletionOf: tenant, authorizations)
            print("deleted tenant \(name)")
            guard !jobs.isEmpty else { return }
            try await house.withWorks { works in
                let left = await works.revoker.revoke(jobs) { done in
                    print("asked the forges to end \(done) of \(Self.counted(jobs.count, "OAuth grant"))")
                    fflush(nil)
                }
                if left > 0 {
                    print(
                        "\(Self.counted(left, "grant")) could not be ended: they are good at their forges until their users end them there"
                    )
                }
            }
        }
    }

    /// What must be known before it is deleted. A credential that does not open is left to its end.
    private static func revocations(of tenant: Tenant, in house: House) async throws -> [TokenRevoker.Job] {
        var jobs: [TokenRevoker.Job] = []
        for authorization in try await house.vault.authorizations(of: tenant.id) where authorization.mode == .oauth {
            let entry = try await entry(of: authorization, in: house)
            if let job = TokenRevoker.Job(authorization, entry?.credential, .grant) { jobs.append(job) }
        }
        return jobs
    }

    private static func entry(
        of authorization: Authorization, in house: House
    ) async throws(StoreError) -> VaultEntry? {
        do throws(StoreError) {
            return try await house.vault.entry(named: authorization.name, of: authorization.tenant)
        } catch  where error.code == .unsealable {
            return nil
        } catch {
            throw error
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
