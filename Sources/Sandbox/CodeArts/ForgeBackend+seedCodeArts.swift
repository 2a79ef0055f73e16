// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension SandboxSeed {
    /// At CodeArts Repo alone: the account that octavia and marlow are users of.
    package static let domain = "harbour-account"
    /// At CodeArts Repo alone: groups in octavia's project, three deep; the first is ``organization``, where marlow is a
    /// member, too. The project itself, with its id for a name, holds octavia's repositories.
    package static let codeArtsGroups = [organization, "fleet", "fleet/north", "fleet/north/quay"]
}

extension ForgeBackend {
    /// CodeArts Repo has no namespaces of users: repositories are in projects and in groups in them.
    func seedCodeArts() async throws {
        let now = AccountStore.now()
        let places = store.update { state -> (home: SandboxGroup, other: SandboxGroup, groups: [SandboxGroup]) in
            let octavia = state.addUser(
                SandboxSeed.login, "Octavia Lund", SandboxSeed.email, SandboxSeed.password, now: now)
            let marlow = state.addUser(
                SandboxSeed.otherLogin, "Marlow Reed", SandboxSeed.otherEmail, SandboxSeed.otherPassword, now: now)
            state.tokens.append(
                PersonalToken(
                    id: state.makeID(), userID: octavia.id, name: Self.seededTokenName,
                    token: KeptSecret(RandomText.alphanumeric(40)), scopes: [CodeArtsEmulator.gitScope], expires: nil,
                    created: now))
            let home = state.addGroup(
                RandomText.hexadecimal(32), name: "Harbour", members: [octavia.id: .owner], now: now)
            let other = state.addGroup(
                RandomText.hexadecimal(32), name: "Cove", members: [marlow.id: .owner], now: now)
            var groups: [SandboxGroup] = []
            for path in SandboxSeed.codeArtsGroups {
                let parts = path.split(separator: "/").map(String.init)
                let parent = parts.count > 1 ? groups.last : home
                groups.append(
                    state.addGroup(
                        parts[parts.count - 1], name: parts[parts.count - 1],
                        members: path == SandboxSeed.organization ? [marlow.id: .developer] : [:], parent: parent,
                        now: now))
            }
            return (home, other, groups)
        }
        let home = RepositoryOwner.group(places.home.id)
        try await add(SandboxSeed.project, home, "The harbour's own code", history: .harbour)
        try await add(SandboxSeed.emptyProject, home, nil, history: nil)
        try await add(SandboxSeed.crowdedProject, home, "Many branches and tags", history: .crowded)
        try await add(SandboxSeed.archivedProject, home, "Closed", history: .small, isArchived: true)
        try await add(SandboxSeed.publicProject, home, "For all", history: .open, visibility: .public)
        for (group, name) in zip(
            places.groups, [SandboxSeed.organizationProject, "flagship", "icebreaker", "tugboat"])
        {
            try await add(name, .group(group.id), "In \(group.path)", history: .small)
        }
        try await add(SandboxSeed.otherProject, .group(places.other.id), nil, history: .small)
    }

    /// The id of octavia's project; nil where there is none.
    static func codeArtsHome(in state: AccountState) -> String? {
        guard let user = state.user(login: SandboxSeed.login) else { return nil }
        return state.groups.first { $0.parentID == nil && $0.members[user.id] == .owner }?.fullPath
    }
}
