// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteaCall {
    func version() -> Response {
        .json(["version": "1.25.1"])
    }

    func currentUser() throws -> Response {
        .json(view.user(try signedIn))
    }

    func account() throws -> Response {
        guard let found = state.user(login: path["user"]) else {
            throw GiteaRefusal(404, "user does not exist [name: \(path["user"])]")
        }
        return .json(view.user(found))
    }

    func organizations() throws -> Response {
        let all = state.groups(of: try signedIn.id)
        return list(page.slice(all).map(view.organization), total: all.count)
    }

    func organization() throws -> Response {
        .json(view.organization(try group()))
    }

    private func group() throws(GiteaRefusal) -> SandboxGroup {
        guard let group = state.group(fullPath: path["org"]) else {
            throw GiteaRefusal(404, "org does not exist [name: \(path["org"])]")
        }
        return group
    }

    private func shown(_ place: SandboxRepository) async throws -> JSON {
        view.repository(place, isEmpty: try await backend.git(place).isEmpty(), as: user)
    }

    private func repositories(_ isWanted: (SandboxRepository) -> Bool) async throws -> Response {
        let all = state.repositories.filter { isWanted($0) && state.mayRead($0, as: user?.id) }
        var items: [JSON] = []
        for place in page.slice(all) { items.append(try await shown(place)) }
        return list(items, total: all.count)
    }

    func ownRepositories() async throws -> Response {
        let user = try signedIn
        return try await repositories { state.role(of: user.id, in: $0) == .owner }
    }

    func userRepositories() async throws -> Response {
        guard let found = state.user(login: path["user"]) else {
            throw GiteaRefusal(404, "user does not exist [name: \(path["user"])]")
        }
        return try await repositories { $0.owner == .user(found.id) }
    }

    func organizationRepositories() async throws -> Response {
        let group = try group()
        return try await repositories { $0.owner == .group(group.id) }
    }

    func showRepository() async throws -> Response {
        .json(try await shown(try repository().place))
    }

    func deleteRepository() throws -> Response {
        let place = try repository().place
        guard state.role(of: try signedIn.id, in: place) == .owner else {
            throw GiteaRefusal(403, "Given user is not owner of organization.")
        }
        try backend.deleteRepository(place)
        return .empty()
    }

    func createOwnRepository() async throws -> Response {
        try await create(in: .user(try signedIn.id))
    }

    func createOrganizationRepository() async throws -> Response {
        let group = try group()
        guard let role = state.role(of: try signedIn.id, inGroup: group.id), role >= .developer else {
            throw GiteaRefusal(403, "Given user is not allowed to create repository in organization.")
        }
        return try await create(in: .group(group.id))
    }

    private func create(in owner: RepositoryOwner) async throws -> Response {
        let name = try required("name", called: "Name")
        let isPlain = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "-_.".utf8.contains($0)
        }
        guard isPlain, name.utf8.count <= 100, ![".", ".."].contains(name) else {
            throw GiteaRefusal.invalid("[Name]: AlphaDashDot")
        }
        if name.lowercased().hasSuffix(".git") || name.lowercased().hasSuffix(".wiki") {
            throw GiteaRefusal.invalid("name pattern is not allowed [pattern: *\(name.suffix(4))]")
        }
        let branch = try text("default_branch").flatMap { $0.isEmpty ? nil : $0 } ?? "main"
        let description = try text("description")
        let isPrivate = body["private"]?.boolValue ?? false
        let now = AccountStore.now()
        let place = try await backend.createRepository(defaultBranch: branch) { state, id, directory in
            guard state.repository(fullPath: state.namespacePath(of: owner) + "/" + name) == nil else {
                throw GiteaRefusal(409, "The repository with the same name already exists.")
            }
            return SandboxRepository(
                id: id, owner: owner, path: name, name: name, description: description,
                visibility: isPrivate ? .private : .public, defaultBranch: branch, directory: directory, created: now,
                updated: now)
        }
        if body["auto_init"]?.boolValue ?? false {
            let git = backend.git(place)
            let author = try signedIn
            let blob = try await git.writeBlob(Array("# \(name)\n\n".utf8))
            let who = GitSignature.now(name: author.name, email: author.email)
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: branch, parent: nil,
                text: GitCommitText(message: "Initial commit\n", author: who, committer: who))
        }
        let made = GiteaCall(
            backend: backend, request: request, path: path, user: user, body: body, state: backend.store.read { $0 })
        return .json(try await made.shown(place), status: .created)
    }
}
