// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model
import Storage

struct PolicyAttach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Give a user a policy. From then on it has its attached policies only, and none of its roles'.",
        discussion: """
            It counts from the user's next request on. A user who has one policy that only denies may do nothing but what is allowed by
            default; attach FullAccess beside it where it is to deny a part of everything.

              gatehouse policy attach acme alice ReadOnlyAccess
            """)

    @OptionGroup var holder: PolicyHolderOptions

    func run() async throws {
        try await holder.options.withHouse { house in
            let user = try await house.caller(holder.user, of: holder.tenant).user
            _ = try await house.document(ofPolicy: holder.policy)
            let isStored = SystemPolicy(rawValue: holder.policy) == nil
            let isNew = try await house.store.attach(policy: holder.policy, isStored: isStored, to: user)
            if isNew { try await house.record("AttachPolicy", of: holder.policy, user: user) }
            try await holder.show(user, in: house)
        }
    }
}

struct PolicyDetach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take a policy from a user. Who has none left has those of its roles again.",
        discussion: """
              gatehouse policy detach acme alice ReadOnlyAccess
            """)

    @OptionGroup var holder: PolicyHolderOptions

    func run() async throws {
        try await holder.options.withHouse { house in
            let user = try await house.caller(holder.user, of: holder.tenant).user
            guard try await house.store.detach(policy: holder.policy, from: user) else {
                throw Refusal("\(holder.policy) is not attached to \(holder.user) of \(holder.tenant).")
            }
            try await house.record("DetachPolicy", of: holder.policy, user: user)
            try await holder.show(user, in: house)
        }
    }
}

/// A user and a policy.
struct PolicyHolderOptions: ParsableArguments {
    @Argument(help: "The tenant's name.")
    var tenant: String

    @Argument(help: "The user's name.")
    var user: String

    @Argument(help: "The policy's name.")
    var policy: String

    @OptionGroup var options: StoreOptions

    /// What the user has by now.
    func show(_ user: User, in house: House) async throws {
        let attached = try await house.store.attachedPolicies(of: user.id, in: user.tenant).map(\.name)
        guard attached.isEmpty else {
            return print(
                "\(user.name) of \(tenant) has the policies \(attached.joined(separator: ", ")), and none of its roles'"
            )
        }
        print("\(user.name) of \(tenant) has the policies of its roles")
    }
}

extension House {
    /// A user as a caller.
    func caller(_ user: String, of tenant: String) async throws -> Caller {
        let tenant = try await identity.tenant(named: tenant)
        return Caller(user: try await identity.user(named: user, of: tenant), tenant: tenant)
    }
}
