// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request to the API, with whose it is.
struct GitHubCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let parameters: RouteParameters
    /// nil for an anonymous request.
    let identity: Identity?
    let rate: RateCounter.Reading
    /// `2022-11-28` or `2026-03-10`.
    let version: String

    /// The same forge's bodies.
    var view: GitHubView { GitHubView(backend: backend) }

    /// The user whose token it is.
    func user() throws(GitHubProblem) -> SandboxUser {
        guard let identity else { throw .requiresAuthentication }
        return identity.user
    }

    /// Whether the token has one of these scopes. Anonymous requests have none.
    func has(_ scopes: String...) -> Bool {
        guard let identity else { return false }
        return !identity.scopes.isDisjoint(with: scopes)
    }

    /// The repository of the path, as far as the token may see it.
    /// - Parameter scopes: those that show a private one beside `repo`.
    /// - Throws: 404 for an unknown one and for one that may not be seen, 301 or 307 for one of an old name.
    func repository(or scopes: Set<String> = []) throws(GitHubProblem) -> SandboxRepository {
        let path = parameters["owner"] + "/" + parameters["repo"]
        let (found, moved) = backend.store.read { ($0.repository(fullPath: path), $0.repository(formerPath: path)) }
        guard let repository = found ?? moved, maySee(repository, or: scopes) else { throw .notFound }
        if found != nil { return repository }
        // https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        let rest = request.segments.dropFirst(5).map { "/" + PercentEncoding.encode($0) }.joined()
        let query = request.rawQuery.isEmpty ? "" : "?" + request.rawQuery
        let address = "\(backend.host)/api/v3/repositories/\(repository.id)\(rest)\(query)"
        let isReading = request.method == .get || request.method == .head
        throw GitHubProblem(
            status: isReading ? .movedPermanently : .temporaryRedirect,
            message: isReading ? "Moved Permanently" : "Temporary Redirect",
            documentation: "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
            headers: [.location: address],
            members: ["url": .string(address)]
        )
    }

    /// The same for pushing to it.
    func writableRepository() throws(GitHubProblem) -> SandboxRepository {
        let repository = try repository()
        let user = try user()
        guard has("repo") || (repository.visibility == .public && has("public_repo")) else { throw .notFound }
        guard backend.store.read({ $0.mayWrite(repository, as: user.id) }) else {
            throw GitHubProblem(status: .forbidden, message: "Must have push access to repository")
        }
        if repository.isArchived { throw .archived }
        return repository
    }

    /// The same for its hooks: who lacks a right does not even learn that there are any.
    func hookRepository(scopes: Set<String>) throws(GitHubProblem) -> SandboxRepository {
        let enough = scopes.union(["admin:repo_hook", "repo"])
        let repository = try repository(or: enough)
        let user = try user()
        let ofPublic: Set<String> = repository.visibility == .public ? ["public_repo"] : []
        guard let identity, !identity.scopes.isDisjoint(with: enough.union(ofPublic)),
            backend.store.read({ $0.mayAdminister(repository, as: user.id) })
        else { throw .notFound }
        return repository
    }

    /// Whether the token shows this repository: private ones need the scope `repo` (or another of these) as well as a role.
    func maySee(_ repository: SandboxRepository, or scopes: Set<String> = []) -> Bool {
        guard backend.store.read({ $0.mayRead(repository, as: identity?.user.id) }) else { return false }
        if repository.visibility == .public { return true }
        return identity.map { !$0.scopes.isDisjoint(with: scopes.union(["repo"])) } ?? false
    }

    /// Works with git, and answers those of its errors that the caller knows in GitHub's way.
    ///
    /// Swift 6.3.1 crashes ("Found ownership error") on a `do` that throws ``GitError`` only and catches some of its cases
    /// in a function of untyped errors; hence the detour.
    func translating<Value>(
        _ answer: (GitError) -> GitHubProblem?,
        _ work: () async throws(GitError) -> Value
    ) async throws -> Value {
        let failure: GitError
        do throws(GitError) {
            return try await work()
        } catch {
            failure = error
        }
        if let problem = answer(failure) { throw problem }
        throw failure
    }

    /// The body as a JSON object; an empty one where there is none.
    func object() async throws -> JSON {
        let body: JSON
        do {
            body = try await request.json()
        } catch BodyProblem.notJSON {
            throw GitHubProblem.invalidJSON
        }
        guard case .object = body else { throw GitHubProblem.notAnObject }
        return body
    }
}

extension JSON {
    /// A text that must be there.
    func requiredString(_ key: String) throws(GitHubProblem) -> String {
        guard let text = try optionalString(key) else { throw .notSupplied(key) }
        return text
    }

    /// A text that may be missing or null.
    func optionalString(_ key: String) throws(GitHubProblem) -> String? {
        switch self[key] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        case let other?:
            let shown = String(decoding: other.text, as: UTF8.self)
            throw .invalidRequest("For 'properties/\(key)', \(shown.prefix(100)) is not a string.")
        }
    }

    /// A truth value that may be missing or null.
    func optionalBool(_ key: String) throws(GitHubProblem) -> Bool? {
        switch self[key] {
        case nil, .null?: return nil
        case .bool(let flag)?: return flag
        case let other?:
            let shown = String(decoding: other.text, as: UTF8.self)
            throw .invalidRequest("For 'properties/\(key)', \(shown.prefix(100)) is not a boolean.")
        }
    }
}
