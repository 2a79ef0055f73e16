// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/projects/#edit-a-project
extension GitLabEmulator {
    /// Name, path, description, visibility and default branch; settings that nothing here uses are passed over. The former
    /// path goes on leading to the project.
    func updateProject(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let name = form.text("name")
        let path = form.text("path")
        let description = form.text("description")
        let visibility = form.choice("visibility", of: ["private", "internal", "public"])
            .flatMap { RepositoryVisibility(rawValue: $0) }
        let branch = form.text("default_branch")
        try form.validate()
        let (project, user) = try call.project(as: .maintainer)
        try GitLabProjectName.check(name: name ?? project.name, path: path ?? project.path)
        if let branch, try await backend.git(project).reference("refs/heads/" + branch) == nil {
            throw GitLabRefusal.invalidRecord([
                ("base", ["Could not change HEAD: branch '\(branch)' does not exist"])
            ])
        }
        let now = AccountStore.now()
        let changed = try backend.store.update { state throws(GitLabRefusal) -> SandboxRepository in
            guard let index = state.repositories.firstIndex(where: { $0.id == project.id }) else {
                throw .notFound("Project")
            }
            let former = state.fullPath(of: state.repositories[index]).lowercased()
            if let path, path != state.repositories[index].path {
                let isTaken = state.repositories.contains {
                    $0.id != project.id && $0.owner == project.owner && $0.path.lowercased() == path.lowercased()
                }
                if isTaken { throw .invalidRecord([("path", ["has already been taken"])]) }
                state.repositories[index].path = path
                state.repositories[index].formerPaths.append(former)
            }
            if let name { state.repositories[index].name = name }
            if let description { state.repositories[index].description = description }
            if let visibility { state.repositories[index].visibility = visibility }
            if let branch { state.repositories[index].defaultBranch = branch }
            state.repositories[index].updated = now
            return state.repositories[index]
        }
        if let branch { try await backend.git(project).setDefaultBranch(branch) }
        let entities = GitLabEntities(address: backend.host, state: backend.store.read { $0 })
        return .gitLab(entities.project(changed, try await facts(of: changed), for: user, permissions: false))
    }
}
