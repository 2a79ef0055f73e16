// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request of the API, with whom it comes from and what it is about.
struct BitbucketCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let parameters: RouteParameters
    /// nil where the request has no credentials.
    let login: BitbucketLogin?
    /// The state as it was when the request came.
    let state: AccountState

    var view: BitbucketView { BitbucketView(host: backend.host, state: state, caller: login?.identity.user) }

    var user: SandboxUser {
        get throws(BitbucketProblem) {
            guard let login else { throw .badToken }
            return login.identity.user
        }
    }

    /// The owner whose workspace the path names, by slug or UUID.
    func owner() throws(BitbucketProblem) -> RepositoryOwner {
        let name = parameters["workspace"]
        guard let owner = Self.owner(name, in: state) else { throw .noWorkspace(name) }
        return owner
    }

    private static func owner(_ name: String, in state: AccountState) -> RepositoryOwner? {
        if let owner = state.owner(namespace: name) { return owner }
        if let user = state.users.first(where: { BitbucketUUID.user($0.id) == name }) { return .user(user.id) }
        return state.groups.first { BitbucketUUID.workspace($0.id) == name }.map { .group($0.id) }
    }

    /// The repository that the path names, if the caller may see it.
    func repository() throws(BitbucketProblem) -> SandboxRepository {
        let (workspace, slug) = (parameters["workspace"], parameters["repo_slug"])
        guard let found = Self.find(workspace, slug, in: state),
            state.mayRead(found, as: login?.identity.user.id)
        else { throw .noRepository("\(workspace)/\(slug)") }
        return found
    }

    private static func find(_ workspace: String, _ slug: String, in state: AccountState) -> SandboxRepository? {
        guard let owner = owner(workspace, in: state) else { return nil }
        return state.repositories.first { repository in
            repository.owner == owner
                && (repository.path.lowercased() == slug.lowercased()
                    || BitbucketUUID.repository(repository.id) == slug)
        }
    }

    /// The repository, if the caller may push to it.
    func writable() throws(BitbucketProblem) -> (repository: SandboxRepository, user: SandboxUser) {
        let repository = try repository()
        let user = try user
        guard state.mayWrite(repository, as: user.id) else { throw .noWriteAccess }
        if repository.isArchived { throw BitbucketProblem(403, "This repository is read-only.") }
        return (repository, user)
    }

    /// The repository, if the caller may change its settings.
    func administered() throws(BitbucketProblem) -> SandboxRepository {
        let repository = try repository()
        guard state.mayAdminister(repository, as: try user.id) else { throw .noAdministration }
        return repository
    }

    func git(_ repository: SandboxRepository) -> GitRepository { backend.git(repository) }

    /// Where the path names a repository as it was called before: its present address.
    func moved() -> Response? {
        let (workspace, slug) = (parameters["workspace"], parameters["repo_slug"])
        guard !slug.isEmpty, request.method == .get, Self.find(workspace, slug, in: state) == nil,
            let moved = state.repository(formerPath: "\(workspace)/\(slug)"),
            state.mayRead(moved, as: login?.identity.user.id)
        else { return nil }
        let rest = request.rawPath.split(separator: "/", omittingEmptySubsequences: false).dropFirst(5)
        let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
        let address = ([view.address(of: moved)] + rest.map(String.init)).joined(separator: "/")
        return .redirection(to: address + query, status: .movedPermanently)
    }

    /// The members of a JSON body; an empty one has none.
    func body() async throws -> JSON {
        let body = try await request.json()
        guard case .object = body else { throw BitbucketProblem(400, "Bad request", detail: "An object is wanted.") }
        return body
    }
}

/// UUIDs made of numbers, in braces as Bitbucket writes them.
enum BitbucketUUID {
    static func user(_ id: Int) -> String { uuid("1", id) }
    static func workspace(_ id: Int) -> String { uuid("2", id) }
    static func repository(_ id: Int) -> String { uuid("3", id) }
    static func hook(_ id: Int) -> String { uuid("4", id) }
    static func project(_ id: Int) -> String { uuid("5", id) }

    /// A user's own workspace has the UUID of the account.
    static func workspace(of owner: RepositoryOwner) -> String {
        switch owner {
        case .user(let id): user(id)
        case .group(let id): workspace(id)
        }
    }

    private static func uuid(_ kind: String, _ id: Int) -> String {
        let digits = String(id, radix: 16)
        return "{\(kind)b17b0c4-5a3d-4e00-8000-" + String(repeating: "0", count: max(12 - digits.count, 0)) + digits
            + "}"
    }
}
