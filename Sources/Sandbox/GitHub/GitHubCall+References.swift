// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GitHubCall {
    func branches() async throws -> Response {
        let repository = try repository()
        let body = GitHubRepositoryView(view, repository)
        let all = try await backend.git(repository).branches()
        // No branch of the sandbox is protected.
        let wanted = request.query["protected"] == "true" ? [] : all
        return list(wanted) { reference in
            let name = PercentEncoding.encode(reference.shortName, keeping: "/")
            return [
                "name": .string(reference.shortName),
                "commit": [
                    "sha": .string(reference.objectID), "url": .string("\(body.api)/commits/\(reference.objectID)"),
                ],
                "protected": false,
                "protection": Self.unprotected,
                "protection_url": .string("\(body.api)/branches/\(name)/protection"),
            ]
        }
    }

    private static let unprotected: JSON = [
        "enabled": false, "required_status_checks": ["enforcement_level": "off", "contexts": [], "checks": []],
    ]

    func branch() async throws -> Response {
        let repository = try repository()
        let body = GitHubRepositoryView(view, repository)
        let git = backend.git(repository)
        guard let reference = try await git.reference("refs/heads/" + parameters["branch"]),
            let commit = try await git.commit(reference.objectID)
        else { throw GitHubProblem(status: .notFound, message: "Branch not found") }
        let name = PercentEncoding.encode(reference.shortName, keeping: "/")
        return .json([
            "name": .string(reference.shortName),
            "commit": body.commit(commit),
            "_links": [
                "self": .string("\(body.api)/branches/\(name)"), "html": .string("\(body.web)/tree/\(name)"),
            ],
            "protected": false,
            "protection": Self.unprotected,
            "protection_url": .string("\(body.api)/branches/\(name)/protection"),
        ])
    }

    func tags() async throws -> Response {
        let repository = try repository()
        let body = GitHubRepositoryView(view, repository)
        // The latest name comes first.
        let all = try await backend.git(repository).tags().reversed()
        return list(Array(all)) { reference in
            let name = PercentEncoding.encode(reference.shortName, keeping: "/")
            return [
                "name": .string(reference.shortName),
                "zipball_url": .string("\(body.api)/zipball/refs/tags/\(name)"),
                "tarball_url": .string("\(body.api)/tarball/refs/tags/\(name)"),
                "commit": [
                    "sha": .string(reference.peeledID), "url": .string("\(body.api)/commits/\(reference.peeledID)"),
                ],
                "node_id": GitHubView.nodeID("Ref", "\(repository.id):\(reference.name)"),
            ]
        }
    }

    func allReferences() async throws -> Response {
        try await references { _ in true }
    }

    func matchingReferences() async throws -> Response {
        let prefix = "refs/" + parameters["ref"]
        return try await references { $0.name.hasPrefix(prefix) }
    }

    private func references(_ isWanted: (GitReference) -> Bool) async throws -> Response {
        let repository = try repository()
        let body = GitHubRepositoryView(view, repository)
        let all = try await filledGit(repository).references()
        return .json(.array(all.filter(isWanted).map(body.reference)))
    }

    func reference() async throws -> Response {
        let repository = try repository()
        guard let reference = try await filledGit(repository).reference("refs/" + parameters["ref"]) else {
            throw GitHubProblem.notFound
        }
        return .json(GitHubRepositoryView(view, repository).reference(reference))
    }

    /// The older form of the address: where no ref has the name, those that begin with it.
    func referenceOrThoseBelow() async throws -> Response {
        let repository = try repository()
        let body = GitHubRepositoryView(view, repository)
        let all = try await filledGit(repository).references()
        let name = "refs/" + parameters["ref"]
        if let exact = all.first(where: { $0.name == name }) { return .json(body.reference(exact)) }
        let below = all.filter { $0.name.hasPrefix(name) }
        guard !below.isEmpty else { throw GitHubProblem.notFound }
        return .json(.array(below.map(body.reference)))
    }

    func createReference() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let name = try body.requiredString("ref")
        let sha = try body.requiredString("sha")
        let git = try await filledGit(repository)
        guard name.hasPrefix("refs/"), name.split(separator: "/", omittingEmptySubsequences: false).count >= 3 else {
            throw GitHubProblem.unprocessable(
                "Reference name must start with 'refs/' and contain at least two slashes.")
        }
        guard GitRepository.isObjectID(sha) else {
            throw GitHubProblem.unprocessable(
                "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
        }
        try await check(sha, for: name, in: git)
        try await translating({ error in
            switch error {
            case .alreadyExists, .refMoved: .unprocessable("Reference already exists")
            case .invalidName: .unprocessable("\(name) is not a valid ref name.")
            default: nil
            }
        }) { () throws(GitError) in
            try await git.createReference(name, at: sha)
        }
        backend.markPushed(repository)
        guard let made = try await git.reference(name) else { throw GitHubProblem.notFound }
        let view = GitHubRepositoryView(view, repository)
        let url = "\(view.api)/git/\(PercentEncoding.encode(name, keeping: "/"))"
        return .json(view.reference(made), status: .created, headers: [.location: url])
    }

    func updateReference() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let sha = try body.requiredString("sha")
        let isForced = try body.optionalBool("force") ?? false
        let git = try await filledGit(repository)
        let name = "refs/" + parameters["ref"]
        guard let old = try await git.reference(name) else {
            throw GitHubProblem.unprocessable("Reference does not exist")
        }
        try await check(sha, for: name, in: git)
        let isForward = try await git.isAncestor(old.objectID, of: sha)
        guard isForced || isForward else {
            throw GitHubProblem.unprocessable("Update is not a fast forward")
        }
        try await translating({ error in
            if case .refMoved = error { .unprocessable("Update is not a fast forward") } else { nil }
        }) { () throws(GitError) in
            try await git.updateReference(name, to: sha, from: old.objectID)
        }
        backend.markPushed(repository)
        guard let moved = try await git.reference(name) else { throw GitHubProblem.notFound }
        return .json(GitHubRepositoryView(view, repository).reference(moved))
    }

    func deleteReference() async throws -> Response {
        let repository = try writableRepository()
        let git = try await filledGit(repository)
        let name = "refs/" + parameters["ref"]
        if name == "refs/heads/" + repository.defaultBranch {
            throw GitHubProblem.unprocessable("Cannot delete the default branch")
        }
        try await translating({ error in
            switch error {
            case .notFound, .invalidName, .refMoved: .unprocessable("Reference does not exist")
            default: nil
            }
        }) { () throws(GitError) in
            try await git.deleteReference(name)
        }
        backend.markPushed(repository)
        return .empty()
    }

    /// The content, where there is any.
    func filledGit(_ repository: SandboxRepository) async throws -> GitRepository {
        let git = backend.git(repository)
        guard try await !git.isEmpty() else { throw GitHubProblem.emptyRepository }
        return git
    }

    private func check(_ sha: String, for name: String, in git: GitRepository) async throws {
        guard let type = try await git.objectType(sha) else {
            throw GitHubProblem.unprocessable("Object does not exist")
        }
        // A branch cannot hold a tag, a tree or a blob.
        if name.hasPrefix("refs/heads/"), type != .commit {
            throw GitHubProblem.unprocessable("Reference update failed")
        }
    }
}
