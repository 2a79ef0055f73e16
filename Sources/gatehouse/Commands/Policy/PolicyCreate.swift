// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Storage

struct PolicyCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a policy, or change one with --replace.",
        discussion: """
            Nobody has it before it is attached to a user or named in permission.roles. A change counts from the next request on, for
            whoever has it.

              echo '{"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["gatehouse:repository:read"]}]}' |
                gatehouse policy create reads-only -
            """)

    @Argument(help: "The policy's name: 1 to 64 letters, digits, '.', '_' and '-'.")
    var name: String

    @Argument(help: PolicyFile.help)
    var file: PolicyFile

    @Flag(help: "Replace the policy of this name.")
    var replace = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        guard let name = PolicyName(name) else {
            throw ValidationError("A policy's name has 1 to 64 letters, digits, '.', '_' and '-'.")
        }
        guard SystemPolicy(rawValue: name.text) == nil else {
            throw Refusal("\(name) is a policy of the system's, which stays as it is. Choose another name.")
        }
        let document = try file.read(for: .user)
        try await options.withHouse { house in
            let now = house.audit.now
            let policy = StoredPolicy(name: name.text, document: document, created: now, updated: now)
            let isReplaced = try await Self.save(policy, replace, in: house)
            try await house.record(isReplaced ? "UpdatePolicy" : "CreatePolicy", of: name.text)
            print("\(isReplaced ? "replaced" : "made") policy \(name)")
        }
    }

    private static func save(_ policy: StoredPolicy, _ mayReplace: Bool, in house: House) async throws -> Bool {
        do throws(StoreError) {
            return try await house.store.save(policy, mayReplace: mayReplace)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            throw Refusal("\(error.message) --replace changes it.")
        }
    }
}
