// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteaCall {
    func branches() async throws -> Response {
        let (place, git) = try repository()
        let all = try await git.branches()
        let shown = GiteaRepositoryView(view: view, place: place)
        var items: [JSON] = []
        for branch in page.slice(all) {
            if let commit = try await git.commit(branch.objectID) { items.append(shown.branch(branch, commit)) }
        }
        return list(items, total: all.count)
    }

    func branch() async throws -> Response {
        let (place, git) = try repository()
        guard let branch = try await git.reference("refs/heads/" + path["branch"]),
            let commit = try await git.commit(branch.objectID)
        else { throw GiteaRefusal(404, "branch does not exist [name: \(path["branch"])]") }
        return .json(GiteaRepositoryView(view: view, place: place).branch(branch, commit))
    }

    func createBranch() async throws -> Response {
        let (place, git, _) = try writable()
        let name = try required("new_branch_name", called: "BranchName")
        let old = try text("old_ref_name") ?? text("old_branch_name") ?? place.defaultBranch
        guard let commit = try await git.commitID(old) else { throw GiteaRefusal(404, "The old branch does not exist") }
        try await makeReference("refs/heads/" + name, at: commit, in: git, taken: "The branch already exists.")
        backend.markPushed(place)
        guard let made = try await git.reference("refs/heads/" + name), let tip = try await git.commit(commit) else {
            throw GiteaRefusal.notFound
        }
        return .json(GiteaRepositoryView(view: view, place: place).branch(made, tip), status: .created)
    }

    private func shown(_ tag: GitReference, in place: SandboxRepository, _ git: GitRepository) async throws -> JSON {
        let object = tag.objectType == .tag ? try await git.tag(tag.objectID) : nil
        let commit = try await git.commit(tag.peeledID)
        return GiteaRepositoryView(view: view, place: place)
            .tag(tag, commit, message: object?.message ?? commit?.message ?? "")
    }

    /// Without a `Link`.
    func tags() async throws -> Response {
        let (place, git) = try repository()
        let all = try await git.tags()
        var items: [JSON] = []
        for tag in page.slice(all) { items.append(try await shown(tag, in: place, git)) }
        return list(items, total: all.count, isLinked: false)
    }

    func tag() async throws -> Response {
        let (place, git) = try repository()
        guard let tag = try await git.reference("refs/tags/" + path["tag"]) else {
            throw GiteaRefusal(404, "tag doesn't exist: \(path["tag"])")
        }
        return .json(try await shown(tag, in: place, git))
    }

    func createTag() async throws -> Response {
        let (place, git, user) = try writable()
        let name = try required("tag_name", called: "TagName")
        let target = try text("target").flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        let message = try text("message") ?? ""
        guard let commit = try await git.commitID(target) else {
            throw GiteaRefusal(404, "target not found: object does not exist [id: \(target), rel_path: ]")
        }
        if try await git.reference("refs/tags/" + name) != nil {
            throw GiteaRefusal(409, "tag already exists [name: \(name)]")
        }
        // Gitea finds out what git forbids only when git refuses it.
        guard try await git.isValidRefName("refs/tags/" + name) else { throw GiteaRefusal(500, "") }
        var object = commit
        if !message.isEmpty {
            object = try await git.writeTag(
                name, target: commit, type: .commit, message: message, tagger: .now(name: user.name, email: user.email))
        }
        try await makeReference(
            "refs/tags/" + name, at: object, in: git, taken: "tag already exists [name: \(name)]")
        backend.markPushed(place)
        guard let made = try await git.reference("refs/tags/" + name) else { throw GiteaRefusal.notFound }
        return .json(try await shown(made, in: place, git), status: .created)
    }

    func deleteTag() async throws -> Response {
        let (place, git, _) = try writable()
        guard let tag = try await git.reference("refs/tags/" + path["tag"]) else { throw GiteaRefusal.notFound }
        try await git.deleteReference(tag.name)
        backend.markPushed(place)
        return .empty()
    }

    func commits() async throws -> Response {
        let (place, git) = try repository()
        if try await git.isEmpty() { throw GiteaRefusal.emptyRepository }
        let start = request.query["sha"].flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        guard let tip = try await git.commitID(start) else {
            throw GiteaRefusal(404, "object does not exist [id: \(start)]")
        }
        var query = GitHistoryQuery(start: [tip])
        query.path = request.query["path"]
        query.skip = page.offset
        query.limit = page.size
        let shown = GiteaRepositoryView(view: view, place: place)
        let found = try await git.history(query)
        return list(found.map { shown.commit($0) }, total: try await git.historyCount(query))
    }
}
