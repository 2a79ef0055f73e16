// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/projects/
extension GitLabEmulator {
    /// Every project that the user may see; `owned` and `membership` narrow it down.
    func projects(_ call: GitLabCall) async throws -> Response {
        try await list(call.state.repositories, call, isProjectList: true)
    }

    /// The projects in a user's own namespace.
    func userProjects(_ call: GitLabCall) async throws -> Response {
        guard let owner = call.state.gitLabUser(call.path["user_id"]) else { throw GitLabRefusal.notFound("User") }
        return try await list(
            call.state.repositories.filter { $0.owner == .user(owner.id) }, call, isProjectList: true)
    }

    /// The projects of a group; those of its subgroups only with `include_subgroups`. Nothing here is shared with another
    /// group, so `with_shared` changes nothing.
    func groupProjects(_ call: GitLabCall) async throws -> Response {
        let group = try group(of: call)
        var form = call.form
        let deep = form.flag("include_subgroups", default: false)
        try form.validate()
        let found = call.state.repositories.filter { repository in
            guard case .group(let id) = repository.owner else { return false }
            return id == group.id || deep && call.state.gitLabGroup(id, isWithin: group.id)
        }
        return try await list(found, call, isProjectList: false)
    }

    func project(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        _ = (form.flag("statistics"), form.flag("license"), form.flag("with_custom_attributes"))
        try form.validate()
        let project = try call.project()
        let facts = try await facts(of: project)
        return .gitLab(
            call.identity.map { call.entities.project(project, facts, for: $0.user) }
                ?? call.entities.simpleProject(project, facts))
    }

    /// The deletion is only promised: 202.
    func deleteProject(_ call: GitLabCall) throws -> Response {
        let (project, _) = try call.project(as: .owner)
        try backend.deleteRepository(project)
        return .gitLab(["message": "202 Accepted"], status: .accepted)
    }

    /// What a project's object tells of its repository.
    func facts(of project: SandboxRepository) async throws -> GitLabRepositoryFacts {
        let git = backend.git(project)
        guard let branch = try await defaultBranch(of: project) else {
            return GitLabRepositoryFacts(isEmpty: true, defaultBranch: nil, readme: nil)
        }
        let readme = try await git.tree(branch.objectID).first {
            $0.type == .blob && $0.name.lowercased().split(separator: ".").first == "readme"
        }
        return GitLabRepositoryFacts(isEmpty: false, defaultBranch: branch.shortName, readme: readme?.name)
    }

    /// The default branch; where it is not there, the first one; nil in an empty repository.
    func defaultBranch(of project: SandboxRepository) async throws -> GitReference? {
        let git = backend.git(project)
        if let found = try await git.reference("refs/heads/" + project.defaultBranch) { return found }
        return try await git.branches().first
    }

    /// Projects as the API's objects, in the given order.
    func render(
        _ projects: [SandboxRepository], call: GitLabCall, simple: Bool, permissions: Bool = true
    ) async throws -> [JSON] {
        var rendered: [JSON] = []
        for project in projects {
            let facts = try await facts(of: project)
            rendered.append(
                simple || call.identity == nil
                    ? call.entities.simpleProject(project, facts)
                    : call.entities.project(project, facts, for: call.identity?.user, permissions: permissions))
        }
        return rendered
    }

    private func list(
        _ all: [SandboxRepository], _ call: GitLabCall, isProjectList: Bool
    ) async throws -> Response {
        var form = call.form
        if !isProjectList {
            _ = form.flag("include_subgroups", default: false)
            _ = form.flag("with_shared", default: true)
        }
        let query = GitLabProjectQuery(&form, isProjectList: isProjectList)
        let simple = form.flag("simple", default: false)
        let paging = GitLabPaging(&form)
        try form.validate()
        let found = query.select(all, in: call.state, for: call.identity?.user)
        let page: GitLabPage<SandboxRepository>
        if paging.keyset {
            guard isProjectList, query.order == "id" else {
                throw GitLabRefusal.error(405, "Keyset pagination is not yet available for this type of request")
            }
            let edge = query.isDescending ? "id_before" : "id_after"
            page = paging.keyset(found, link: call.link(form), whenFull: false) { [edge: String($0.id)] }
        } else {
            if isProjectList { try paging.checkOffset(of: "Project") }
            page = paging.page(found, link: call.link(form))
        }
        let rendered = try await render(page.elements, call: call, simple: simple)
        return .gitLab(GitLabPage(elements: rendered, headers: page.headers)) { $0 }
    }
}
