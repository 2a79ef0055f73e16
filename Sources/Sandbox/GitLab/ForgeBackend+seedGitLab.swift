// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension SandboxSeed {
    /// At GitLab alone: a group and its subgroups, three deep, each with one project; octavia owns the uppermost.
    package static let groups = ["fleet", "fleet/north", "fleet/north/quay"]
    /// The projects in ``groups``, in the same order.
    package static let groupProjects = ["fleet/flagship", "fleet/north/icebreaker", "fleet/north/quay/tugboat"]
    /// At GitLab alone: a group of marlow's where octavia is a developer, so that protected refs refuse her: the branch
    /// `main` and tags that begin with `v`.
    package static let guardedProject = "pilots/lighthouse"
}

extension ForgeBackend {
    /// What only GitLab has: subgroups, roles and protected refs.
    func seedGitLab() async throws {
        let now = AccountStore.now()
        let owners = store.update { state -> (groups: [SandboxGroup], guarded: SandboxGroup)? in
            guard let octavia = state.user(login: SandboxSeed.login),
                let marlow = state.user(login: SandboxSeed.otherLogin)
            else { return nil }
            var groups: [SandboxGroup] = []
            for (path, name) in zip(["fleet", "north", "quay"], ["Fleet", "North", "Quay"]) {
                groups.append(
                    state.addGroup(
                        path, name: name, members: groups.isEmpty ? [octavia.id: .owner] : [:], parent: groups.last,
                        now: now))
            }
            let guarded = state.addGroup(
                "pilots", name: "Pilots", members: [marlow.id: .owner, octavia.id: .developer], now: now)
            return (groups, guarded)
        }
        guard let owners else { return }
        for (group, path) in zip(owners.groups, SandboxSeed.groupProjects) {
            let name = String(path.dropFirst(group.fullPath.count + 1))
            try await add(name, .group(group.id), "A ship of the fleet", history: .small)
        }
        let guarded = try await add("lighthouse", .group(owners.guarded.id), nil, history: .small)
        store.update { state in
            guard let index = state.repositories.firstIndex(where: { $0.id == guarded.id }) else { return }
            state.repositories[index].settings["protected_tags"] = ["v*"]
        }
    }
}
