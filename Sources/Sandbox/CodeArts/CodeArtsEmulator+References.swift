// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Branches and tags. Their names are in the query, never in the path.
extension CodeArtsEmulator {
    /// https://support.huaweicloud.com/api-codeartsrepo/ListBranches.html
    func branches(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        let view = try call.choice("view", of: ["simple", "basic", "all"], default: "simple")
        let sort = try call.choice("sort", of: ["name", "updated_desc", "updated_asc"], default: "updated_desc")
        _ = try call.choice(
            "query_view", of: ["my_branches", "active", "stale", "all_branches"], default: "all_branches")
        let git = backend.git(repository)
        let references = try await git.branches()
        // A branch without a commit is none: each reference finds its own.
        let commits = Dictionary(
            try await git.commits(references.map(\.peeledID)).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first })
        var found = references.compactMap { reference in commits[reference.peeledID].map { (reference.shortName, $0) } }
        switch sort {
        case "name": found.reverse()
        case "updated_asc": found.sort { $0.1.committer.time < $1.1.committer.time }
        default: found.sort { $0.1.committer.time > $1.1.committer.time }
        }
        return try call.page(
            found.map { name, commit in
                let isDefault = name == repository.defaultBranch
                let simple = call.view.listedBranch(name, isDefault: isDefault)
                return view == "all"
                    ? simple.adding(call.view.branch(name, at: commit, isDefault: isDefault)) : simple
            }, counted: true)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowBranch.html
    func branch(_ call: CodeArtsCall) async throws -> Response {
        let name = try call.required("branch_name")
        return .codeArts(try await shownBranch(name, call))
    }

    private func shownBranch(_ name: String, _ call: CodeArtsCall) async throws -> JSON {
        let repository = try call.repository()
        let git = backend.git(repository)
        guard let reference = try await git.reference("refs/heads/" + name),
            let commit = try await git.commit(reference.peeledID)
        else { throw CodeArtsRefusal.notFound }
        return call.view.branch(name, at: commit, isDefault: name == repository.defaultBranch)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/CreateBranch.html
    func createBranch(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository(as: .developer)
        let body = try await call.body()
        let name = try body.text("branch", limit: 2000)
        guard let start = try await call.commit(body["ref"]?.stringValue, of: repository) else {
            throw CodeArtsRefusal.bad("仓库为空")
        }
        try await make("refs/heads/" + name, at: start, in: repository)
        return .codeArts(try await shownBranch(name, call), status: .created)
    }

    private func make(_ reference: String, at target: String, in repository: SandboxRepository) async throws {
        do throws(GitError) {
            try await backend.git(repository).createReference(reference, at: target)
        } catch {
            switch error {
            case .alreadyExists, .refMoved: throw CodeArtsRefusal.bad("名称已存在")
            default: throw error
            }
        }
        backend.markPushed(repository)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/DeleteBranch.html
    func deleteBranch(_ call: CodeArtsCall) async throws -> Response {
        let name = try call.required("branch_name")
        let repository = try call.repository(as: .developer)
        guard name != repository.defaultBranch else { throw CodeArtsRefusal.bad("默认分支不能删除") }
        try await delete("refs/heads/" + name, in: repository)
        return .empty(.noContent)
    }

    private func delete(_ reference: String, in repository: SandboxRepository) async throws {
        do throws(GitError) {
            try await backend.git(repository).deleteReference(reference)
        } catch {
            if case .notFound = error { throw CodeArtsRefusal.notFound }
            throw error
        }
        backend.markPushed(repository)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ListTags.html
    func tags(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        _ = try call.choice("view", of: ["simple", "basic", "detail"], default: "simple")
        let order = try call.choice("order_by", of: ["name", "created", "updated"], default: "updated")
        let isDescending = try call.choice("sort", of: ["asc", "desc"], default: "desc") == "desc"
        let git = backend.git(repository)
        var found = try await git.tags()
        if let text = call.request.query["search"] { found = found.filter { $0.shortName.contains(text) } }
        let objects = Dictionary(
            try await git.tags(found.filter { $0.objectType == .tag }.map(\.objectID)).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first })
        if order != "name" {
            let commits = Dictionary(
                try await git.commits(found.map(\.peeledID)).map { ($0.id, $0.committer.time) },
                uniquingKeysWith: { first, _ in first })
            found.sort { (commits[$0.peeledID] ?? 0, $0.name) < (commits[$1.peeledID] ?? 0, $1.name) }
        }
        if isDescending { found.reverse() }
        return try call.page(
            found.map { call.view.listedTag($0, message: objects[$0.objectID]?.message ?? "") }, counted: true)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowTag.html
    func tag(_ call: CodeArtsCall) async throws -> Response {
        .codeArts(try await shownTag(try call.required("tag_name"), call))
    }

    private func shownTag(_ name: String, _ call: CodeArtsCall) async throws -> JSON {
        let git = try call.git
        guard let reference = try await git.reference("refs/tags/" + name) else { throw CodeArtsRefusal.notFound }
        let message = reference.objectType == .tag ? try await git.tag(reference.objectID)?.message : nil
        return call.view.tag(reference, message: message ?? "", commit: try await git.commit(reference.peeledID))
    }

    /// With a message the tag is an annotated one, as in GitLab.
    /// https://support.huaweicloud.com/api-codeartsrepo/CreateTag.html
    func createTag(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository(as: .developer)
        let body = try await call.body()
        let name = try body.text("tag_name", limit: 2000)
        guard let start = try await call.commit(body["ref"]?.stringValue, of: repository) else {
            throw CodeArtsRefusal.bad("仓库为空")
        }
        let git = backend.git(repository)
        guard try await git.isValidRefName(name) else { throw CodeArtsRefusal.bad("标签名称不合法") }
        var target = start
        if let message = body["message"]?.stringValue, !message.isEmpty {
            target = try await git.writeTag(
                name, target: start, type: .commit, message: message,
                tagger: .now(name: call.user.login, email: call.user.email))
        }
        try await make("refs/tags/" + name, at: target, in: repository)
        return .codeArts(try await shownTag(name, call), status: .created)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/DeleteTag.html
    func deleteTag(_ call: CodeArtsCall) async throws -> Response {
        let name = try call.required("tag_name")
        try await delete("refs/tags/" + name, in: try call.repository(as: .developer))
        return .empty(.noContent)
    }
}
