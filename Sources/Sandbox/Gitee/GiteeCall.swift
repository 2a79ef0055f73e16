// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request of the API, with whom it comes from and what it is about.
struct GiteeCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let path: RouteParameters
    /// nil where the request has no token.
    let identity: Identity?
    let fields: GiteeFields
    /// The state as it was when the request came.
    let state: AccountState

    var view: GiteeView { GiteeView(address: backend.host, state: state) }

    var user: SandboxUser {
        get throws(GiteeRefusal) {
            guard let identity else { throw .noToken }
            return identity.user
        }
    }

    /// The repository that the path names, if the token shows it.
    func repository() throws(GiteeRefusal) -> (place: SandboxRepository, git: GitRepository) {
        let name = path["owner"] + "/" + path["repo"]
        guard let place = state.repository(fullPath: name), mayRead(place) else { throw .notFound("Project") }
        return (place, backend.git(place))
    }

    func mayRead(_ place: SandboxRepository) -> Bool {
        guard state.mayRead(place, as: identity?.user.id) else { return false }
        return place.visibility == .public || identity?.scopes.contains("projects") ?? false
    }

    /// The same for changing what is in it.
    func writable() throws(GiteeRefusal) -> (place: SandboxRepository, git: GitRepository, user: SandboxUser) {
        let (place, git) = try repository()
        let user = try user
        guard state.mayWrite(place, as: user.id) else { throw .forbidden }
        if place.isArchived { throw .archived }
        return (place, git, user)
    }

    /// The same for its webhooks.
    func administered() throws(GiteeRefusal) -> SandboxRepository {
        let name = path["owner"] + "/" + path["repo"]
        let user = try user
        guard let place = state.repository(fullPath: name), state.mayRead(place, as: user.id) else {
            throw .notFound("Project")
        }
        guard state.mayAdminister(place, as: user.id) else { throw .forbidden }
        return place
    }

    /// One page of a list, with the two headers that say how much there is.
    func page<Element>(_ all: [Element], _ shown: (Element) throws -> JSON) rethrows -> Response {
        let page = Page(request.query, defaultSize: 20)
        return Self.list(try page.slice(all).map(shown), page, total: all.count)
    }

    static func list(_ items: [JSON], _ page: Page, total: Int) -> Response {
        var headers = HTTPFields()
        if let name = HTTPField.Name("total_count") { headers[name] = String(total) }
        if let name = HTTPField.Name("total_page") { headers[name] = String(page.count(of: total)) }
        return .json(.array(items), headers: headers)
    }

    /// The whole SHA of what a branch's name or a SHA leads to. A tag is no such name where Gitee's page does not list it.
    func commitID(_ name: String, in git: GitRepository, orTag: Bool = false) async throws -> String? {
        if let branch = try await git.reference("refs/heads/" + name) { return branch.objectID }
        if orTag, let tag = try await git.reference("refs/tags/" + name) { return tag.peeledID }
        return GitRepository.isAbbreviatedObjectID(name) ? try await git.commitID(name) : nil
    }
}
