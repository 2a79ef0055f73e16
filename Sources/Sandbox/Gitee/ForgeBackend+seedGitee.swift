// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension SandboxSeed {
    /// At Gitee alone: an enterprise of octavia's, with one project.
    package static let enterprise = "silk-road"
    package static let enterpriseProject = "caravan"
}

extension ForgeBackend {
    /// What only Gitee has: an enterprise.
    func seedGitee() async throws {
        let now = AccountStore.now()
        let group = store.update { state -> SandboxGroup? in
            guard let octavia = state.user(login: SandboxSeed.login) else { return nil }
            var group = state.addGroup(
                SandboxSeed.enterprise, name: "丝路", members: [octavia.id: .owner], now: now)
            group.isEnterprise = true
            if let index = state.groups.firstIndex(where: { $0.id == group.id }) { state.groups[index] = group }
            return group
        }
        guard let group else { return }
        try await add(SandboxSeed.enterpriseProject, .group(group.id), "On the road", history: .small)
    }
}
