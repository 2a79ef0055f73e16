// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// How much a credential may do at all; what its user may do in a project is another matter.
/// https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html
enum BitbucketServerLevel: Int, Sendable, Comparable {
    /// Nothing that needs a user.
    case nothing, read, write, admin, projectAdmin

    init(scopes: Set<String>) {
        let levels: [(scopes: Set<String>, level: BitbucketServerLevel)] = [
            (["PROJECT_ADMIN", "ADMIN_WRITE", "SYSTEM_ADMIN"], .projectAdmin), (["REPO_ADMIN"], .admin),
            (["REPO_WRITE", "PROJECT_WRITE"], .write), (["REPO_READ", "PROJECT_READ"], .read),
        ]
        self = levels.first { !$0.scopes.isDisjoint(with: scopes) }?.level ?? .nothing
    }

    static func < (one: BitbucketServerLevel, other: BitbucketServerLevel) -> Bool { one.rawValue < other.rawValue }
}

/// Who asks, and with what.
struct BitbucketServerCaller: Sendable {
    let user: SandboxUser
    let level: BitbucketServerLevel
    /// nil for a password.
    let identity: Identity?
}

/// One request of the API, with whom it comes from and what it is about.
struct BitbucketServerCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let path: RouteParameters
    /// nil where the request has no credential.
    let caller: BitbucketServerCaller?
    /// The state as it was when the request came.
    let state: AccountState

    var entities: BitbucketServerEntities { BitbucketServerEntities(address: backend.host, state: state) }

    var user: SandboxUser {
        get throws(BitbucketServerRefusal) {
            guard let caller else { throw .unauthorised }
            return caller.user
        }
    }

    /// The owner of the project that the path names. A user has one by being there.
    func owner() throws(BitbucketServerRefusal) -> RepositoryOwner {
        guard let owner = state.bitbucketOwner(key: path["key"]) else { throw .noProject(path["key"]) }
        return owner
    }

    /// The repository that the path names, if the user may see it.
    func repository() throws(BitbucketServerRefusal) -> SandboxRepository {
        let owner = try owner()
        let slug = path["slug"]
        guard let found = state.bitbucketRepository(owner, slug: slug) else { throw .noRepository(path["key"], slug) }
        guard state.mayRead(found, as: caller?.user.id) else { throw .unauthorised }
        return found
    }

    /// The repository, if the user has at least this role in it.
    func repository(as role: MemberRole) throws(BitbucketServerRefusal) -> SandboxRepository {
        let found = try repository()
        guard let has = state.role(of: try user.id, in: found), has >= role else { throw .unauthorised }
        return found
    }

    /// The repository, if the user may push to it.
    func writable() throws(BitbucketServerRefusal) -> SandboxRepository {
        let found = try repository(as: .developer)
        if found.isArchived { throw .archived }
        return found
    }

    /// Where the path names a repository by a former place: its present one.
    var redirect: Response? {
        guard let owner = state.bitbucketOwner(key: path["key"]), !path["slug"].isEmpty,
            state.bitbucketRepository(owner, slug: path["slug"]) == nil,
            let moved = state.repository(formerPath: state.namespacePath(of: owner) + "/" + path["slug"]),
            state.mayRead(moved, as: caller?.user.id)
        else { return nil }
        let parts = request.rawPath.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let index = parts.firstIndex(of: "repos"), index + 1 < parts.count else { return nil }
        var present = parts
        if index >= 2 { present[index - 2] = "projects" }
        present[index - 1] = state.bitbucketKey(of: moved.owner)
        present[index + 1] = moved.path
        let query = request.rawQuery.isEmpty ? "" : "?" + request.rawQuery
        return .redirection(
            to: backend.host + present.joined(separator: "/") + query, status: .temporaryRedirect)
    }

    /// The full SHA of the commit that a parameter names, or of the default branch's tip.
    func commit(
        _ parameter: String, of repository: SandboxRepository
    ) async throws -> (name: String, id: String) {
        let git = backend.git(repository)
        guard let name = request.query[parameter], !name.isEmpty else {
            guard let id = try await git.commitID("refs/heads/" + repository.defaultBranch) else {
                throw BitbucketServerRefusal.noDefaultBranch(repository.defaultBranch)
            }
            return ("refs/heads/" + repository.defaultBranch, id)
        }
        guard let id = try await git.commitID(name) else {
            throw BitbucketServerRefusal.noCommit(name, repository.path)
        }
        return (name, id)
    }
}

extension AccountState {
    /// A project's key: capitals, digits and `_`; `~` before a user's slug.
    func bitbucketKey(of owner: RepositoryOwner) -> String {
        switch owner {
        case .user(let id): "~" + (user(id: id)?.login.uppercased() ?? "")
        case .group(let id): group(id: id).map(Self.bitbucketKey) ?? ""
        }
    }

    static func bitbucketKey(of group: SandboxGroup) -> String {
        String(group.fullPath.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    /// Whose project has this key, without case.
    func bitbucketOwner(key: String) -> RepositoryOwner? {
        if key.hasPrefix("~") { return user(login: String(key.dropFirst())).map { .user($0.id) } }
        return groups.first { Self.bitbucketKey(of: $0) == key.uppercased() }.map { .group($0.id) }
    }

    func bitbucketRepository(_ owner: RepositoryOwner, slug: String) -> SandboxRepository? {
        repositories.first { $0.owner == owner && $0.path.lowercased() == slug.lowercased() }
    }
}
