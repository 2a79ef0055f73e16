// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/branches/
extension GitLabEmulator {
    /// By name unless `sort` says otherwise; an empty repository has an empty list.
    func branches(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let search = GitLabRefSearch(form.text("search"))
        let regex = form.text("regex")
        let sort = form.choice("sort", of: ["name_asc", "updated_asc", "updated_desc"])
        let token = form.text("page_token")
        let paging = GitLabPaging(&form)
        var pattern: Regex<AnyRegexOutput>?
        if let regex {
            do {
                pattern = try Regex(regex)
            } catch {
                form.complain("regex is an invalid regex")
            }
        }
        try form.validate()
        let (project, git) = try call.code()
        var found = try await git.branches().filter { search.matches($0.shortName) }
        if let pattern { found = found.filter { $0.shortName.firstMatch(of: pattern) != nil } }
        if let sort, sort != "name_asc" {
            let times = try await commitTimes(of: found, in: git)
            found = found.sorted { (times[$0.peeledID] ?? 0, $0.name) < (times[$1.peeledID] ?? 0, $1.name) }
            if sort == "updated_desc" { found.reverse() }
        }
        let page = try Self.page(of: found, paging: paging, token: token, link: call.link(form))
        let rendered = try await render(page.elements, of: project, call)
        return .gitLab(GitLabPage(elements: rendered, headers: page.headers)) { $0 }
    }

    func branch(_ call: GitLabCall) async throws -> Response {
        let (project, git) = try call.code()
        let branch = try await branch(call.path["branch"], in: git)
        guard let rendered = try await render([branch], of: project, call).first else {
            throw GitLabRefusal.notFound("Branch")
        }
        return .gitLab(rendered)
    }

    func branchExists(_ call: GitLabCall) async throws -> Response {
        let (_, git) = try call.code()
        guard try await git.reference("refs/heads/" + call.path["branch"]) != nil else {
            throw GitLabRefusal.message(404, "404 Not Found")
        }
        return .empty(.noContent)
    }

    /// In an empty repository the first branch request makes a first commit, as at GitLab.
    func createBranch(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let name = form.requiredText("branch", blank: false)
        let ref = form.requiredText("ref", blank: false)
        try form.validate()
        let (project, user) = try call.project(as: .developer)
        let git = backend.git(project)
        if try await git.isEmpty() { try await makeFirstCommit(in: project, by: user) }
        try await checkNewBranch(name, in: git)
        guard let commit = try await git.commitID(ref) else {
            throw GitLabRefusal.badRequest("Failed to create branch '\(name)': invalid reference name '\(ref)'")
        }
        try await check(.creation, of: "refs/heads/" + name, in: project, by: user, call.state)
        guard try await git.claim("refs/heads/" + name, at: commit) else {
            throw GitLabRefusal.badRequest("Failed to create branch '\(name)': reference update failed")
        }
        let branch = try await branch(name, in: git)
        guard let rendered = try await render([branch], of: project, call).first else {
            throw GitLabRefusal.notFound("Branch")
        }
        backend.markPushed(project)
        return .gitLab(rendered, status: .created)
    }

    func deleteBranch(_ call: GitLabCall) async throws -> Response {
        let (project, user) = try call.project(as: .developer)
        let git = backend.git(project)
        let branch = try await branch(call.path["branch"], in: git)
        try await check(.deletion, of: branch.name, in: project, by: user, call.state)
        do {
            try await git.deleteReference(branch.name)
        } catch GitError.notFound {
            throw GitLabRefusal.notFound("Branch")
        } catch GitError.refMoved {
            throw GitLabRefusal.badRequest("Failed to remove branch")
        }
        backend.markPushed(project)
        return .empty(.noContent)
    }

    // MARK: Shared with tags and commits

    /// A page of refs: by number, or with `pagination=keyset` behind the ref whose name is the token.
    static func page(
        of found: [GitReference], paging: GitLabPaging, token: String?, link: GitLabLink
    ) throws(GitLabRefusal) -> GitLabPage<GitReference> {
        guard paging.keyset else { return paging.page(found, link: link) }
        var rest = found[...]
        if let token {
            guard let index = found.firstIndex(where: { $0.shortName == token }) else {
                throw .message(422, "Invalid page token: \(token)")
            }
            rest = found[(index + 1)...]
        }
        return paging.keyset(rest, link: link) { ["page_token": $0.shortName] }
    }

    /// Committer times by commit.
    func commitTimes(of references: [GitReference], in git: GitRepository) async throws -> [String: Int64] {
        let commits = try await git.commits(Array(Set(references.map(\.peeledID))))
        return Dictionary(commits.map { ($0.id, $0.committer.time) }) { first, _ in first }
    }

    /// Refuses a name that git or GitLab does not allow, and one that is taken.
    func checkNewBranch(_ name: String, in git: GitRepository) async throws {
        guard try await GitLabRefName.isAllowed(name, in: git) else {
            throw GitLabRefusal.badRequest("Branch name is invalid")
        }
        guard try await git.reference("refs/heads/" + name) == nil else {
            throw GitLabRefusal.badRequest("Branch already exists")
        }
    }

    /// Refuses what protected branches and tags forbid.
    func check(
        _ kind: GitLabRefChange.Kind, of name: String, in project: SandboxRepository, by user: SandboxUser,
        _ state: AccountState
    ) async throws {
        let change = GitLabRefChange(name: name, kind: kind, isFromAPI: true)
        let branch = try await defaultBranch(of: project)?.shortName
        if let sentence = state.refusal(of: change, in: project, by: user, defaultBranch: branch) {
            throw GitLabRefusal.badRequest(sentence)
        }
    }

    private func branch(_ name: String, in git: GitRepository) async throws -> GitReference {
        guard try await git.isValidRefName(name) else {
            throw GitLabRefusal.badRequest("The branch refname is invalid")
        }
        guard let found = try await git.reference("refs/heads/" + name) else { throw GitLabRefusal.notFound("Branch") }
        return found
    }

    private func render(
        _ branches: [GitReference], of project: SandboxRepository, _ call: GitLabCall
    ) async throws -> [JSON] {
        guard !branches.isEmpty else { return [] }
        let git = backend.git(project)
        let root = try await defaultBranch(of: project)
        let merged = try await git.namesOfBranches(mergedInto: root?.objectID)
        let commits = Dictionary(try await git.commits(Array(Set(branches.map(\.objectID)))).map { ($0.id, $0) }) { $1 }
        return branches.compactMap { branch in
            guard let commit = commits[branch.objectID] else { return nil }
            return call.entities.branch(
                branch.shortName, at: commit,
                merged: merged.contains(branch.name) && branch.objectID != root?.objectID,
                isDefault: branch.name == root?.name, of: project, for: call.identity?.user)
        }
    }

    private func makeFirstCommit(in project: SandboxRepository, by user: SandboxUser) async throws {
        let git = backend.git(project)
        let who = GitSignature.now(name: user.name, email: user.email)
        let blob = try await git.writeBlob([])
        do {
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: project.defaultBranch, parent: nil,
                text: GitCommitText(message: "Add README.md", author: who, committer: who))
        } catch GitError.refMoved {
            // Somebody else made the first commit meanwhile: that one serves as well.
        }
    }
}
