// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request of the API, with whom it comes from and what it is about.
struct CodeArtsCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let path: RouteParameters
    let user: SandboxUser
    /// The state as it was when the request came.
    let state: AccountState

    var view: CodeArtsView { CodeArtsView(address: backend.host, state: state) }

    /// A parameter of the query that must be there, up to so many characters.
    func required(_ name: String, limit: Int = 2000) throws(CodeArtsRefusal) -> String {
        guard let value = request.query[name], !value.isEmpty else { throw .bad("参数\(name)不能为空") }
        guard value.count <= limit else { throw .bad("参数\(name)过长") }
        return value
    }

    /// The repository that the path names, if the user may see it.
    func repository() throws(CodeArtsRefusal) -> SandboxRepository {
        guard let id = path.integer("repository_id") else { throw .bad("参数repository_id不合法") }
        guard let repository = state.repository(id: id), state.mayRead(repository, as: user.id) else {
            throw .notFound
        }
        return repository
    }

    /// The repository, if the user has at least this role in it. An archived one takes no changes.
    func repository(as needed: MemberRole) throws(CodeArtsRefusal) -> SandboxRepository {
        let repository = try repository()
        guard let role = state.role(of: user.id, in: repository), role >= needed, !repository.isArchived else {
            throw .forbidden
        }
        return repository
    }

    var git: GitRepository {
        get throws(CodeArtsRefusal) { backend.git(try repository()) }
    }

    /// The commit that a branch, tag or SHA leads to; without one, that of the default branch. nil in an empty repository.
    func commit(_ ref: String?, of repository: SandboxRepository) async throws -> String? {
        let git = backend.git(repository)
        if let ref, !ref.isEmpty {
            if let found = try await git.commitID(ref) { return found }
            if try await git.isEmpty() { return nil }
            throw CodeArtsRefusal.notFound
        }
        return try await git.commitID("refs/heads/" + repository.defaultBranch)
    }

    /// One page of a list: `offset` from 0, `limit` from 1 to 100.
    /// - Parameters:
    ///   - counted: whether the answer has the number of all.
    ///   - show: what one looks like; only asked for those of the page.
    func page<Item>(
        _ all: [Item], counted: Bool = false, _ show: (Item) -> JSON
    ) throws(CodeArtsRefusal) -> Response {
        let (offset, limit) = try bounds()
        var headers = HTTPFields()
        if counted { headers[CodeArtsEmulator.total] = String(all.count) }
        let shown = all.dropFirst(offset).prefix(limit).map(show)
        return .json(.array(shown), headers: headers, type: "application/json")
    }

    func page(_ all: [JSON], counted: Bool = false) throws(CodeArtsRefusal) -> Response {
        try page(all, counted: counted) { $0 }
    }

    func bounds() throws(CodeArtsRefusal) -> (offset: Int, limit: Int) {
        (try number("offset", default: 0, in: 0...Int(Int32.max)), try number("limit", default: 20, in: 1...100))
    }

    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws(CodeArtsRefusal) -> Int {
        guard let text = request.query[name], !text.isEmpty else { return fallback }
        guard let number = Int(text), range.contains(number) else { throw .bad("参数\(name)不合法") }
        return number
    }

    func choice(_ name: String, of choices: [String], default fallback: String) throws(CodeArtsRefusal) -> String {
        guard let text = request.query[name], !text.isEmpty else { return fallback }
        guard choices.contains(text) else { throw .bad("参数\(name)不合法") }
        return text
    }

    /// The body, which must be an object.
    func body() async throws -> JSON {
        let body = try await request.json()
        guard case .object = body else { throw BodyProblem.notJSON }
        return body
    }
}

extension JSON {
    /// A member that must be a text with something in it.
    func text(_ name: String, limit: Int) throws(CodeArtsRefusal) -> String {
        guard let value = self[name]?.stringValue, !value.isEmpty else { throw .bad("参数\(name)不能为空") }
        guard value.count <= limit else { throw .bad("参数\(name)过长") }
        return value
    }
}

extension Response {
    static func codeArts(_ body: JSON, status: HTTPResponse.Status = .ok) -> Response {
        .json(body, status: status, type: "application/json")
    }

    /// The envelope of versions 1 and 2.
    static func codeArts(result: JSON) -> Response {
        .codeArts(["result": result, "status": "success"])
    }
}
