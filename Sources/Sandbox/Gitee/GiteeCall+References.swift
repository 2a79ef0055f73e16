// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    func branches() async throws -> Response {
        let (place, git) = try repository()
        let shown = GiteeRepositoryView(view: view, place: place)
        return page(try await git.branches()) { shown.branch($0) }
    }

    func branch() async throws -> Response {
        let (place, git) = try repository()
        guard let branch = try await git.reference("refs/heads/" + path["branch"]),
            let commit = try await git.commit(branch.objectID)
        else { throw GiteeRefusal.notFound("Branch") }
        return .json(GiteeRepositoryView(view: view, place: place).branch(branch, commit))
    }

    func createBranch() async throws -> Response {
        let (place, git, _) = try writable()
        let start = try fields.required("refs")
        let name = try fields.required("branch_name")
        guard let commit = try await commitID(start, in: git, orTag: true) else {
            throw GiteeRefusal(400, "起点名称不存在")
        }
        try await create("refs/heads/" + name, at: commit, in: git, taken: "分支名已存在")
        backend.markPushed(place)
        guard let made = try await git.reference("refs/heads/" + name), let tip = try await git.commit(commit) else {
            throw GiteeRefusal.notFound("Branch")
        }
        return .json(GiteeRepositoryView(view: view, place: place).branch(made, tip), status: .created)
    }

    func tags() async throws -> Response {
        let (place, git) = try repository()
        let all = try await git.tags()
        let page = Page(request.query, defaultSize: 20)
        var items: [JSON] = []
        for tag in page.slice(all) { items.append(try await shown(tag, in: place, git)) }
        return Self.list(items, page, total: all.count)
    }

    /// A light tag has no message, and the time of its commit.
    private func shown(_ tag: GitReference, in place: SandboxRepository, _ git: GitRepository) async throws -> JSON {
        let object = tag.objectType == .tag ? try await git.tag(tag.objectID) : nil
        let commit = try await git.commit(tag.peeledID)
        let date = commit.map { GiteeView.time($0.committer.time, offset: $0.committer.offset) } ?? ""
        let message = object.map { $0.message.hasSuffix("\n") ? String($0.message.dropLast()) : $0.message } ?? ""
        return GiteeRepositoryView(view: view, place: place).tag(tag, message: message, date: date)
    }

    func createTag() async throws -> Response {
        let (place, git, user) = try writable()
        let start = try fields.required("refs")
        let name = try fields.required("tag_name")
        let message = try fields.text("tag_message") ?? ""
        guard let commit = try await commitID(start, in: git, orTag: true) else {
            throw GiteeRefusal(400, "起点名称不存在")
        }
        if try await git.reference("refs/tags/" + name) != nil { throw GiteeRefusal(400, "标签名已存在") }
        var target = commit
        if !message.isEmpty, try await git.isValidRefName("refs/tags/" + name) {
            target = try await git.writeTag(
                name, target: commit, type: .commit, message: message, tagger: .now(name: user.name, email: user.email))
        }
        try await create("refs/tags/" + name, at: target, in: git, taken: "标签名已存在")
        backend.markPushed(place)
        guard let made = try await git.reference("refs/tags/" + name) else { throw GiteeRefusal.notFound("Tag") }
        return .json(try await shown(made, in: place, git), status: .created)
    }

    private func create(_ name: String, at commit: String, in git: GitRepository, taken: String) async throws {
        do {
            try await git.createReference(name, at: commit)
        } catch GitError.alreadyExists {
            throw GiteeRefusal(400, taken)
        }
    }
}
