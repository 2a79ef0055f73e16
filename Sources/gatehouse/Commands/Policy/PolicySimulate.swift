// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model
import Storage

struct PolicySimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Say whether a user may do something, and why, statement by statement.",
        discussion: """
            What is not given is not known: where the decision hangs on it, that is said. An authorization that there is brings its forge
            and its use-policy along. Nothing is asked of any forge.

            The status is 0 where it is allowed, 3 where it is not, and 4 where it hangs on what was not given.

              gatehouse policy simulate acme alice gatehouse:repository:updateFile --authorization build-robot \\
                --namespace octavia --project harbour --branch main --path docs/a.md
              gatehouse policy simulate acme alice servicestage:repositoryAuth:delete --policy try.json
              gatehouse policy simulate acme alice gatehouse:audit:list --role reader
            """)

    @Argument(help: "The tenant's name.")
    var tenant: String

    @Argument(help: "The user's name.")
    var user: String

    @Argument(help: "The action, such as gatehouse:repository:listBranches.")
    var action: String

    @Option(help: "The authorization's name.")
    var authorization: String?

    @Option(help: "The forge, where there is no such authorization yet.")
    var forge: String?

    @Option(help: "The repository's namespace.")
    var namespace: String?

    @Option(help: "The repository's name.")
    var project: String?

    @Option(help: "The branch, or whatever stands for it as ref.")
    var branch: String?

    @Option(help: "The file's path.")
    var path: String?

    @Option(help: "A role of the user's, in the place of those that it has. May stand several times.")
    var role: [String] = []

    @Option(help: "A file with a policy in the place of the user's policies; - for standard input.")
    var policy: PolicyFile?

    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard Action(rawValue: action) != nil else {
            let known = Action.allCases.map(\.rawValue).joined(separator: "\n  ")
            throw ValidationError("There is no action \(action). There are:\n  \(known)")
        }
        guard role.isEmpty || policy == nil else { throw ValidationError("--role and --policy do not go together.") }
        if let forge, ForgeID(repoType: forge) == nil {
            let known = ForgeID.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("There is no forge \(forge). There are: \(known).")
        }
        if let authorization, AuthorizationName(authorization) == nil {
            throw ValidationError("--authorization is no name that an authorization can have.")
        }
        guard let action = Action(rawValue: action) else { return }
        let given: [(ConditionKey, String, String?)] = [
            (.namespace, "namespace", namespace), (.project, "project", project), (.branch, "branch", branch),
            (.path, "path", path),
        ]
        for (key, option, value) in given where value != nil && !action.keys.contains(key) {
            throw ValidationError("\(action.rawValue) has no \(key.rawValue). Leave --\(option) out.")
        }
        guard action.hasAuthorization || (authorization == nil && forge == nil) else {
            throw ValidationError(
                "\(action.rawValue) is about no authorization. Leave --authorization and --forge out.")
        }
    }

    func run() async throws {
        guard let action = Action(rawValue: action) else { return }
        let tried = try policy.map { try Policy($0.read(for: .user)) }
        try await options.withHouse { house in
            let caller = try await house.caller(user, of: tenant)
            let rights = try await rights(of: caller, tried, in: house)
            var facts = PolicyFacts(of: action, by: caller)
            let use = try await fill(&facts, caller.tenant, in: house)
            print("user      \(caller.user.name) of \(caller.tenant.name)")
            print("action    \(action.rawValue)")
            print(
                "policies  \(rights.policies.map(\.name).joined(separator: ", ")) (\(tried == nil ? PolicyList.origin(rights.source) : "tried"))"
            )
            let first = PolicyExplanation(rights: rights, for: action, facts)
            let second = use.map { PolicyExplanation(use: $0, for: action, facts) }
            for line in first.lines + (second?.lines ?? []) { print("  \(line)") }
            try Self.conclude(first, second)
        }
    }

    private func rights(of caller: Caller, _ tried: Policy?, in house: House) async throws -> Rights {
        if let tried { return Rights(policies: [NamedPolicy(name: "tried", policy: tried)], source: .attached) }
        guard role.isEmpty else { return try await house.permission.rights(of: role) }
        return try await house.permission.rights(of: caller)
    }

    /// Puts in what was given.
    /// - Returns: the authorization's own policy.
    private func fill(_ facts: inout PolicyFacts, _ tenant: Tenant, in house: House) async throws -> UsePolicy? {
        switch (namespace, project) {
        case (let namespace?, let project?):
            let names = Fact.names(of: RepositoryReference(namespace: namespace, project: project))
            (facts[.namespace], facts[.project]) = (names.namespace, names.project)
        case (let namespace?, nil): facts[.namespace] = .namespace(namespace)
        case (nil, let project?): facts[.project] = .project(project)
        case (nil, nil): break
        }
        if let branch { facts[.branch] = .branch(branch) }
        if let path { facts[.path] = .value(path) }
        if let forge = forge.flatMap({ ForgeID(repoType: $0) }) { facts[.forge] = .value(forge.rawValue) }
        guard let name = authorization.flatMap(AuthorizationName.init) else { return nil }
        facts.authorization = .value(name.text)
        guard let found = try await house.vault.find(named: name, of: tenant.id) else { return nil }
        facts[.forge] = .value(found.authorization.forge.rawValue)
        return try found.usePolicy.map { UsePolicy(authorization: name, policy: try Policy($0, for: .use)) }
    }

    private static func conclude(_ first: PolicyExplanation, _ second: PolicyExplanation?) throws {
        let all = [first, second].compactMap(\.self)
        for (index, one) in all.enumerated() {
            switch one.decision {
            case .denied(let policy, let statement):
                print("denied by \(index == 1 ? "the use-policy" : "policy") \(policy), Statement[\(statement)]")
                throw ExitCode(3)
            case .notAllowed:
                print("not allowed: nothing allows it\(index == 1 ? " through this authorization" : "")")
                throw ExitCode(3)
            case .allowed, .pending: break
            }
        }
        let missing = all.flatMap(\.missing)
        guard missing.isEmpty else {
            print("it hangs on what was not given: \(Array(Set(missing)).sorted().joined(separator: ", "))")
            throw ExitCode(4)
        }
        print("allowed")
    }
}
