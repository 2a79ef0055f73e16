// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request of the API, with whom it comes from and what it is about.
struct GiteaCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let path: RouteParameters
    /// nil for an anonymous request.
    let user: SandboxUser?
    /// The body's JSON object; an empty one where there is none.
    let body: JSON
    /// The state as it was when the request came.
    let state: AccountState

    var view: GiteaView { GiteaView(address: backend.host, state: state) }

    var signedIn: SandboxUser {
        get throws(GiteaRefusal) {
            guard let user else { throw .tokenRequired }
            return user
        }
    }

    /// The repository that the path names, if the user may see it.
    func repository() throws(GiteaRefusal) -> (place: SandboxRepository, git: GitRepository) {
        let name = path["owner"] + "/" + path["repo"]
        guard let place = state.repository(fullPath: name), state.mayRead(place, as: user?.id) else { throw .notFound }
        return (place, backend.git(place))
    }

    /// The same for changing what is in it.
    func writable() throws(GiteaRefusal) -> (place: SandboxRepository, git: GitRepository, user: SandboxUser) {
        let (place, git) = try repository()
        let user = try signedIn
        guard state.mayWrite(place, as: user.id) else {
            throw GiteaRefusal(403, "user should have a permission to write to a repo")
        }
        if place.isArchived { throw GiteaRefusal(423, "\(state.fullPath(of: place)) is archived") }
        return (place, git, user)
    }

    /// The same for its webhooks.
    func administered() throws(GiteaRefusal) -> SandboxRepository {
        let place = try repository().place
        guard state.mayAdminister(place, as: try signedIn.id) else {
            throw GiteaRefusal(403, "user should be an owner or a collaborator with admin write of a repository")
        }
        return place
    }

    /// Works with git, and answers those of its errors that the caller knows in Gitea's way.
    ///
    /// Swift 6.3.1 crashes on a `do` that throws ``GitError`` only and catches some of its cases; hence the detour.
    func translating<Value>(
        _ answer: (GitError) -> GiteaRefusal?, _ work: () async throws(GitError) -> Value
    ) async throws -> Value {
        let failure: GitError
        do throws(GitError) {
            return try await work()
        } catch {
            failure = error
        }
        if let refusal = answer(failure) { throw refusal }
        throw failure
    }

    /// Makes a ref, or refuses where it is there.
    func makeReference(_ name: String, at object: String, in git: GitRepository, taken: String) async throws {
        try await translating({ error in
            if case .alreadyExists = error { return GiteaRefusal(409, taken) }
            return nil
        }) { () throws(GitError) in
            try await git.createReference(name, at: object)
        }
    }

    func text(_ name: String) throws(GiteaRefusal) -> String? {
        switch body[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw GiteaRefusal(422, "json: cannot unmarshal into field .\(name) of type string")
        }
    }

    func required(_ name: String, called field: String) throws(GiteaRefusal) -> String {
        guard let text = try text(name), !text.isEmpty else { throw .required(field) }
        return text
    }

    /// Thirty a page, fifty at most.
    var page: Page {
        var query = request.query
        if let limit = query["limit"] { query = query.setting("per_page", to: limit) }
        return Page(query, defaultSize: 30, maximum: 50)
    }

    /// One page of a list. `Link` is left out of some lists, the total of none.
    func list(_ items: [JSON], total: Int, isLinked: Bool = true) -> Response {
        let page = page
        var headers = HTTPFields()
        if let name = HTTPField.Name("X-Total-Count") { headers[name] = String(total) }
        let address = backend.host + request.rawPath
        let count = page.count(of: total)
        if isLinked, page.number < count, let name = HTTPField.Name("Link") {
            headers[name] =
                Page.link(address, request.query, page: page.number + 1, rel: "next") + ","
                + Page.link(address, request.query, page: count, rel: "last")
        }
        return .json(.array(items), headers: headers)
    }
}
