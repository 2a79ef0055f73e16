// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/tags/
extension GitLabEmulator {
    /// The latest first, by default. An empty repository has an empty list.
    func tags(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let order = form.choice("order_by", of: ["name", "updated", "version"], default: "updated")
        let descending = form.choice("sort", of: ["asc", "desc"], default: "desc") == "desc"
        let search = GitLabRefSearch(form.text("search"))
        let token = form.text("page_token")
        let paging = GitLabPaging(&form)
        try form.validate()
        let (project, git) = try call.code()
        var found = try await git.tags().filter { search.matches($0.shortName) }
        switch order {
        case "updated":
            let times = try await tagTimes(of: found, in: git)
            found.sort { (times[$0.objectID] ?? 0, $0.name) < (times[$1.objectID] ?? 0, $1.name) }
        case "version": found.sort { GitLabRefName.isVersion($0.shortName, before: $1.shortName) }
        default: break
        }
        if descending { found.reverse() }
        let page = try Self.page(of: found, paging: paging, token: token, link: call.link(form))
        let rendered = try await render(page.elements, of: project, call)
        return .gitLab(GitLabPage(elements: rendered, headers: page.headers)) { $0 }
    }

    func tag(_ call: GitLabCall) async throws -> Response {
        let (project, git) = try call.code()
        guard let found = try await git.reference("refs/tags/" + call.path["tag_name"]),
            let rendered = try await render([found], of: project, call).first
        else { throw GitLabRefusal.notFound("Tag") }
        return .gitLab(rendered)
    }

    /// Annotated with a message, lightweight without.
    func createTag(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let name = form.requiredText("tag_name")
        let ref = form.requiredText("ref")
        let message = form.text("message") ?? ""
        try form.validate()
        let (project, user) = try call.project(as: .developer)
        let git = backend.git(project)
        try await check(name, ref: ref, of: project, call)
        guard let commit = try await git.commitID(ref) else {
            throw GitLabRefusal.badRequest("Target \(ref) is invalid")
        }
        let text = message.trimmingLines
        try await make(name, at: commit, message: text, by: user, in: git)
        backend.markPushed(project)
        guard let made = try await git.reference("refs/tags/" + name),
            let rendered = try await render([made], of: project, call).first
        else { throw GitLabRefusal.notFound("Tag") }
        return .gitLab(rendered, status: .created)
    }

    func deleteTag(_ call: GitLabCall) async throws -> Response {
        let (project, user) = try call.project(as: .developer)
        let git = backend.git(project)
        guard let found = try await git.reference("refs/tags/" + call.path["tag_name"]) else {
            throw GitLabRefusal.notFound("Tag")
        }
        if project.protects(tag: found.shortName), !call.state.mayAdminister(project, as: user.id) {
            throw GitLabRefusal.forbidden
        }
        do {
            try await git.deleteReference(found.name)
        } catch GitError.notFound {
            throw GitLabRefusal.notFound("Tag")
        } catch GitError.refMoved {
            throw GitLabRefusal.badRequest("Failed to remove tag")
        }
        backend.markPushed(project)
        return .empty(.noContent)
    }

    private func make(
        _ name: String, at commit: String, message: String, by user: SandboxUser, in git: GitRepository
    ) async throws {
        var target = commit
        if !message.isEmpty {
            let tagger = GitSignature.now(name: user.name, email: user.email)
            target = try await git.writeTag(name, target: commit, type: .commit, message: message, tagger: tagger)
        }
        guard try await git.claim("refs/tags/" + name, at: target) else {
            throw GitLabRefusal.badRequest("Tag \(name) already exists")
        }
    }

    private func check(_ name: String, ref: String, of project: SandboxRepository, _ call: GitLabCall) async throws {
        let git = backend.git(project)
        if ref.isEmpty { throw GitLabRefusal.badRequest("Target is empty") }
        guard try await GitLabRefName.isAllowed(name, in: git) else {
            throw GitLabRefusal.badRequest("Tag name invalid")
        }
        if try await git.reference("refs/tags/" + name) != nil {
            throw GitLabRefusal.badRequest("Tag \(name) already exists")
        }
        if name.hasPrefix("refs/tags/") {
            throw GitLabRefusal.badRequest("You cannot create a tag with a prohibited pattern.")
        }
        try await check(.creation, of: "refs/tags/" + name, in: project, by: try call.user, call.state)
    }

    /// By the ref's own object: an annotated tag's time is its tagger's.
    private func tagTimes(of tags: [GitReference], in git: GitRepository) async throws -> [String: Int64] {
        var times = try await commitTimes(of: tags.filter { $0.objectType != .tag }, in: git)
        for annotation in try await git.tags(tags.filter { $0.objectType == .tag }.map(\.objectID)) {
            times[annotation.id] = annotation.tagger?.time
        }
        return times
    }

    private func render(
        _ tags: [GitReference], of project: SandboxRepository, _ call: GitLabCall
    ) async throws -> [JSON] {
        guard !tags.isEmpty else { return [] }
        let git = backend.git(project)
        let commits = Dictionary(try await git.commits(Array(Set(tags.map(\.peeledID)))).map { ($0.id, $0) }) { $1 }
        let annotations = Dictionary(
            try await git.tags(tags.filter { $0.objectType == .tag }.map(\.objectID)).map { ($0.id, $0) }
        ) { $1 }
        return tags.map { tag in
            call.entities.tag(tag, annotation: annotations[tag.objectID], commit: commits[tag.peeledID], of: project)
        }
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmingLines: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
