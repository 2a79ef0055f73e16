// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/projects/#create-a-project
extension GitLabEmulator {
    func createProject(_ call: GitLabCall) async throws -> Response {
        let draft = try GitLabProjectDraft(call)
        let user = try call.user
        // GitLab looks at this last, too. The command needs no repository for it.
        guard try await GitRepository(directory: backend.repositories).isValidRefName(draft.defaultBranch) else {
            throw GitLabRefusal.badRequest("Branch name is invalid")
        }
        let now = AccountStore.now()
        let project = try await backend.createRepository(defaultBranch: draft.defaultBranch) {
            state, id, directory throws(GitLabRefusal) in
            try draft.check(in: state)
            return SandboxRepository(
                id: id, owner: draft.namespace.owner, path: draft.path, name: draft.name,
                description: draft.description, visibility: draft.visibility, defaultBranch: draft.defaultBranch,
                directory: directory, created: now, updated: now, pushed: nil)
        }
        if draft.hasReadme {
            let git = backend.git(project)
            let blob = try await git.writeBlob(Array("# \(draft.name)\n".utf8))
            let who = GitSignature.now(name: user.name, email: user.email)
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: draft.defaultBranch, parent: nil,
                text: GitCommitText(message: "Initial commit", author: who, committer: who))
        }
        let entities = GitLabEntities(address: backend.host, state: backend.store.read { $0 })
        let facts = try await facts(of: project)
        return .gitLab(entities.project(project, facts, for: user, permissions: false), status: .created)
    }
}

/// A project to be made, as far as it can be judged before the state is locked.
private struct GitLabProjectDraft: Sendable {
    let name: String
    let path: String
    let namespace: GitLabNamespace
    let description: String?
    let visibility: RepositoryVisibility
    let hasReadme: Bool
    let defaultBranch: String

    init(_ call: GitLabCall) throws(GitLabRefusal) {
        var form = call.form
        let givenName = form.text("name")
        let givenPath = form.text("path")
        if !form.has("name"), !form.has("path") {
            form.complain("name, path are missing, at least one parameter must be provided")
        }
        let namespaceID = form.integer("namespace_id")
        description = form.text("description")
        let visibility = form.choice("visibility", of: ["private", "internal", "public"])
        let hasReadme = form.flag("initialize_with_readme") ?? false
        let branch = form.text("default_branch")
        try form.validate()

        self.hasReadme = hasReadme
        let text = givenPath?.isEmpty == false ? givenPath : givenName
        name = givenName?.isEmpty == false ? givenName ?? "" : givenPath ?? ""
        path =
            text.map {
                GitLabProjectName.isPath($0) || givenPath?.isEmpty == false ? $0 : GitLabProjectName.parameterized($0)
            } ?? ""
        defaultBranch = branch.flatMap { hasReadme && !$0.isEmpty ? $0 : nil } ?? "main"
        namespace = try Self.namespace(namespaceID, call)
        self.visibility = visibility.flatMap { RepositoryVisibility(rawValue: $0) } ?? .private
        try GitLabProjectName.check(name: name, path: path)
        if namespace.kind == .group, !namespace.isPublic, self.visibility != .private {
            throw .invalidRecord([
                ("visibility_level", ["\(self.visibility.rawValue) is not allowed in a private group."])
            ])
        }
    }

    /// The namespace of that number, or the user's own; a project in it needs a developer.
    private static func namespace(_ id: Int?, _ call: GitLabCall) throws(GitLabRefusal) -> GitLabNamespace {
        let user = try call.user
        let found = id.map { call.state.gitLabNamespace(String($0)) } ?? call.state.gitLabNamespace(of: .user(user.id))
        guard let found, let role = call.state.role(of: user.id, in: found.owner), role >= .developer else {
            throw .invalidRecord([("namespace", ["is not valid"]), ("limit_reached", [])])
        }
        return found
    }

    /// Refuses a name or path that is taken in the namespace, and a path that a subgroup has.
    func check(in state: AccountState) throws(GitLabRefusal) {
        let taken = "has already been taken"
        let siblings = state.repositories.filter { $0.owner == namespace.owner }
        let isNameTaken = siblings.contains { $0.name.lowercased() == name.lowercased() }
        let isPathTaken =
            siblings.contains { $0.path.lowercased() == path.lowercased() }
            || state.group(fullPath: "\(namespace.fullPath)/\(path)") != nil
        guard isNameTaken || isPathTaken else { return }
        throw .invalidRecord((isNameTaken ? [("name", [taken])] : []) + (isPathTaken ? [("path", [taken])] : []))
    }
}
