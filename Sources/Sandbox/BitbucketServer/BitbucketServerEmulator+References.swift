// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension BitbucketServerEmulator {
    func branches(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let found = try await ordered(try await backend.git(repository).branches(), call, in: repository)
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(paging.page(of: found) { call.entities.branch($0, of: repository) })
    }

    func tags(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let found = try await ordered(try await backend.git(repository).tags(), call, in: repository)
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(paging.page(of: found) { call.entities.tag($0) })
    }

    /// The latest change first unless `orderBy` says otherwise; only those whose names have the text of `filterText`.
    private func ordered(
        _ references: [GitReference], _ call: BitbucketServerCall, in repository: SandboxRepository
    ) async throws -> [GitReference] {
        let filter = (call.request.query["filterText"] ?? "").lowercased()
        let found = references.filter { filter.isEmpty || $0.shortName.lowercased().contains(filter) }
        switch call.request.query["orderBy"] ?? "MODIFICATION" {
        case "ALPHABETICAL": return found.sorted { $0.shortName.lowercased() < $1.shortName.lowercased() }
        case "MODIFICATION":
            let commits = try await backend.git(repository).commits(Array(Set(found.map(\.peeledID))))
            let times = Dictionary(commits.map { ($0.id, $0.committer.time) }) { $1 }
            return found.sorted { (times[$0.peeledID] ?? 0, $1.name) > (times[$1.peeledID] ?? 0, $0.name) }
        case let other: throw BitbucketServerRefusal.invalid("orderBy", "'\(other)' is no order of refs.")
        }
    }

    func defaultBranch(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let name = "refs/heads/" + repository.defaultBranch
        guard let found = try await backend.git(repository).reference(name) else {
            if try await backend.git(repository).isEmpty() { return .empty(.noContent) }
            throw BitbucketServerRefusal.noDefaultBranch(repository.defaultBranch)
        }
        return .bitbucketServer(call.entities.branch(found, of: repository))
    }

    func createBranch(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.writable()
        let body = try await call.request.json()
        let made = try await make("refs/heads/", "Branch", body, in: repository) { $0 }
        return .bitbucketServer(call.entities.branch(made, of: repository))
    }

    func deleteBranch(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.writable()
        var name = try await call.request.json()["name"]?.stringValue ?? ""
        if !name.hasPrefix("refs/heads/") { name = "refs/heads/" + name }
        // One that is not there is gone already.
        if try await backend.git(repository).reference(name) != nil {
            try await backend.git(repository).deleteReference(name)
            backend.markPushed(repository)
        }
        return .empty(.noContent)
    }

    func tag(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        guard let found = try await backend.git(repository).reference("refs/tags/" + call.path["name"]) else {
            return Self.container(404, "HTTP 404 Not Found")
        }
        return .bitbucketServer(call.entities.tag(found))
    }

    /// Annotated with a message, lightweight without.
    func createTag(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.writable()
        let user = try call.user
        let git = backend.git(repository)
        let body = try await call.request.json()
        let name = body["name"]?.stringValue ?? ""
        let message = body["message"]?.stringValue ?? ""
        let made = try await make("refs/tags/", "Tag", body, in: repository) { commit in
            guard !message.isEmpty else { return commit }
            return try await git.writeTag(
                name, target: commit, type: .commit, message: message,
                tagger: .now(name: user.name, email: user.email))
        }
        return .bitbucketServer(call.entities.tag(made))
    }

    func deleteTag(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.writable()
        let name = "refs/tags/" + call.path["name"]
        if try await backend.git(repository).reference(name) != nil {
            try await backend.git(repository).deleteReference(name)
            backend.markPushed(repository)
        }
        return .empty(.noContent)
    }

    private func make(
        _ prefix: String, _ noun: String, _ body: JSON, in repository: SandboxRepository,
        _ target: (String) async throws -> String
    ) async throws -> GitReference {
        let git = backend.git(repository)
        let name = body["name"]?.stringValue ?? ""
        let start = body["startPoint"]?.stringValue ?? ""
        guard try await git.isValidRefName(name) else {
            throw BitbucketServerRefusal(
                status: 400, context: "name", message: "'\(name)' is not a valid \(noun.lowercased()) name.",
                exception: "repository.InvalidRefNameException")
        }
        guard let commit = try await git.commitID(start) else {
            throw BitbucketServerRefusal.noCommit(start, repository.path)
        }
        do {
            try await git.createReference(prefix + name, at: try await target(commit))
        } catch GitError.alreadyExists {
            // Observed of branches with 400; nothing is written down of tags.
            throw BitbucketServerRefusal(
                status: prefix == "refs/heads/" ? 400 : 409, context: "name",
                message: "\(noun) '\(name)' already exists in repository '\(repository.path)'",
                exception: "repository.DuplicateRefException")
        }
        backend.markPushed(repository)
        guard let made = try await git.reference(prefix + name) else {
            throw BitbucketServerRefusal.noCommit(name, repository.path)
        }
        return made
    }
}
