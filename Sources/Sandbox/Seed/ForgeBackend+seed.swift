// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension ForgeBackend {
    /// The name of the seeded personal token, by which a later run finds it again.
    static let seededTokenName = "gatehouse sandbox"

    /// Fills a new forge with accounts, repositories, a token and the OAuth application. About a tenth of a second.
    func seed() async throws {
        if forge == .devcloud { return try await seedCodeArts() }
        let profile = isDataCenter ? SeedProfile.dataCenter : SeedProfile.profile(of: forge)
        let now = AccountStore.now()
        let (octavia, marlow, works) = store.update { state in
            let octavia = state.addUser(
                SandboxSeed.login, "Octavia Lund", SandboxSeed.email, SandboxSeed.password, now: now)
            let marlow = state.addUser(
                SandboxSeed.otherLogin, "Marlow Reed", SandboxSeed.otherEmail, SandboxSeed.otherPassword, now: now)
            let works = state.addGroup(
                SandboxSeed.organization, name: "Harbour Works",
                members: [octavia.id: .owner, marlow.id: .developer], now: now)
            state.tokens.append(
                PersonalToken(
                    id: state.makeID(), userID: octavia.id, name: Self.seededTokenName,
                    token: KeptSecret(profile.tokenPrefix + RandomText.alphanumeric(profile.tokenLength)),
                    scopes: profile.scopes, expires: nil, created: now))
            state.applications.append(
                OAuthApplication(
                    id: state.makeID(), name: SandboxSeed.applicationName,
                    clientID: RandomText.hexadecimal(profile.clientIDLength),
                    clientSecret: KeptSecret(RandomText.hexadecimal(40)), redirectURIs: [],
                    scopes: profile.applicationScopes))
            return (octavia, marlow, works)
        }
        try await add(SandboxSeed.project, .user(octavia.id), "The harbour's own code", history: .harbour)
        try await add(SandboxSeed.emptyProject, .user(octavia.id), nil, history: nil)
        try await add(SandboxSeed.crowdedProject, .user(octavia.id), "Many branches and tags", history: .crowded)
        try await add(SandboxSeed.archivedProject, .user(octavia.id), "Closed", history: .small, isArchived: true)
        try await add(SandboxSeed.publicProject, .user(octavia.id), "For all", history: .open, visibility: .public)
        try await add(SandboxSeed.organizationProject, .group(works.id), "Cranes", history: .small)
        try await add(SandboxSeed.otherProject, .user(marlow.id), nil, history: .small)
        if forge == .gitlab { try await seedGitLab() }
        if forge == .gitee { try await seedGitee() }
    }

    /// Adds what the options ask for, on every start: tokens and redirect addresses.
    func applyOptions() {
        store.update { state in
            let loopback = ["http://127.0.0.1:*", "http://localhost:*"]
            for index in state.applications.indices {
                state.applications[index].redirectURIs = loopback + options.redirectURIs
            }
            for index in state.tokens.indices where state.tokens[index].name == Self.seededTokenName {
                state.tokens[index].lifetime = options.personalTokenLifetime
                state.tokens[index].expires = nil
            }
            for index in state.users.indices { state.users[index].passwordExpires = nil }
            for token in options.tokens where token.forge == forge {
                state.tokens.removeAll { $0.token.text == token.token.exposed }
                guard let user = state.user(login: token.login) else { continue }
                state.tokens.append(
                    PersonalToken(
                        id: state.makeID(), userID: user.id, name: "option",
                        token: KeptSecret(token.token.exposed), scopes: token.scopes, expires: token.expires,
                        rateLimit: token.rateLimit, isThrottled: token.isThrottled, created: AccountStore.now()))
            }
        }
    }

    /// Adds a repository and imports its history.
    @discardableResult
    func add(
        _ path: String,
        _ owner: RepositoryOwner,
        _ description: String?,
        history: SeedHistory?,
        visibility: RepositoryVisibility = .private,
        isArchived: Bool = false
    ) async throws -> SandboxRepository {
        let now = AccountStore.now()
        let repository = try await createRepository(defaultBranch: "main") { _, id, directory in
            SandboxRepository(
                id: id, owner: owner, path: path, name: path, description: description, visibility: visibility,
                isArchived: isArchived, defaultBranch: "main", directory: directory, created: now, updated: now,
                pushed: history.map { _ in now })
        }
        if let history {
            try await git(repository).fastImport(history.stream)
            if !history.references.isEmpty, let tip = try await git(repository).commitID("main") {
                try git(repository).writePackedReferences(history.references, to: tip)
            }
        }
        return repository
    }
}

extension AccountState {
    mutating func addUser(
        _ login: String, _ name: String, _ email: String, _ password: String, now: Int64
    ) -> SandboxUser {
        let user = SandboxUser(
            id: makeID(), login: login, name: name, email: email, password: KeptSecret(password), created: now,
            namespaceID: makeID())
        users.append(user)
        return user
    }

    /// Adds a group, or below another one a subgroup.
    @discardableResult
    mutating func addGroup(
        _ path: String,
        name: String,
        members: [Int: MemberRole],
        parent: SandboxGroup? = nil,
        now: Int64
    ) -> SandboxGroup {
        let group = SandboxGroup(
            id: makeID(), path: path, fullPath: parent.map { $0.fullPath + "/" + path } ?? path, name: name,
            description: "", parentID: parent?.id, members: members, isPublic: false, created: now)
        groups.append(group)
        return group
    }
}
