// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// One request of the API, with whom it comes from and what it is about.
struct GitLabCall: Sendable {
    let backend: ForgeBackend
    let request: ForgeRequest
    let path: RouteParameters
    /// nil where the request has no token.
    let identity: Identity?
    /// The query's and the body's parameters; the body's win.
    let values: [String: JSON]
    /// The state as it was when the request came.
    let state: AccountState

    var form: GitLabForm { GitLabForm(values) }
    var entities: GitLabEntities { GitLabEntities(address: backend.host, state: state) }

    var user: SandboxUser {
        get throws(GitLabRefusal) {
            guard let identity else { throw .unauthorized }
            return identity.user
        }
    }

    /// The address of the list that is asked for, with every parameter that was read from the form.
    func link(_ form: GitLabForm) -> GitLabLink {
        var parameters = form.undeclared.merging(form.declared) { $1 }
        for name in ["id", "user_id"] where !path[name].isEmpty { parameters[name] = path[name] }
        return GitLabLink(address: backend.host + request.rawPath, parameters: parameters)
    }

    /// The project that the path names, if the user may see it.
    func project() throws(GitLabRefusal) -> SandboxRepository {
        guard let project = Self.find(path["id"], in: state), state.mayRead(project, as: identity?.user.id) else {
            throw .notFound("Project")
        }
        return project
    }

    /// The project, if the user may read its code: a guest of a private project may not.
    func code() throws(GitLabRefusal) -> (project: SandboxRepository, git: GitRepository) {
        let project = try project()
        let role = identity.flatMap { state.role(of: $0.user.id, in: project) }
        if project.visibility == .private, let role, role < .reporter { throw .forbidden }
        return (project, backend.git(project))
    }

    /// The project, if the user has at least this role in it.
    func project(as needed: MemberRole) throws(GitLabRefusal) -> (project: SandboxRepository, user: SandboxUser) {
        let project = try project()
        let user = try user
        guard let role = state.role(of: user.id, in: project), role >= needed else { throw .forbidden }
        if project.isArchived, needed == .developer { throw .forbidden }
        return (project, user)
    }

    /// Where the path names a project by a former path: its present place, by id. Only reading is redirected.
    /// https://docs.gitlab.com/api/rest/#redirects
    var redirect: Response? {
        let segments = request.segments
        guard request.method == .get || request.method == .head, segments.count >= 4, segments[2] == "projects",
            Self.find(segments[3], in: state) == nil, let moved = state.repository(formerPath: segments[3]),
            state.mayRead(moved, as: identity?.user.id)
        else { return nil }
        let rest = request.rawPath.split(separator: "/").dropFirst(4).map { "/\($0)" }.joined()
        let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
        return .redirection(
            to: "\(backend.host)/api/v4/projects/\(moved.id)\(rest)\(query)", status: .movedPermanently)
    }

    private static func find(_ reference: String, in state: AccountState) -> SandboxRepository? {
        Int(reference).map { state.repository(id: $0) } ?? state.repository(fullPath: reference)
    }
}

/// What a request brings in its query and its body, as one set.
enum GitLabBody {
    /// - Throws: ``BodyProblem``, ``GitLabRefusal`` for a body of a type that GitLab does not read.
    static func read(_ request: ForgeRequest) async throws -> [String: JSON] {
        var values: [String: JSON] = [:]
        add(request.query, to: &values)
        guard request.method != .get, request.method != .head else { return values }
        switch request.mediaType {
        case "application/json":
            guard case .object(let members) = try await request.json() else { throw BodyProblem.notJSON }
            for member in members { values[member.key] = member.value }
        case nil, "application/x-www-form-urlencoded":
            add(FormFields(parsing: String(decoding: try await request.bytes(), as: UTF8.self)), to: &values)
        case "multipart/form-data":
            add(try GitLabMultipart.fields(of: request, try await request.bytes()), to: &values)
        case let other?:
            guard try await !request.bytes().isEmpty else { break }
            throw GitLabRefusal.error(415, "The provided content-type '\(other)' is not supported.")
        }
        return values
    }

    /// `name[]` collects a list, as in the framework behind GitLab.
    private static func add(_ fields: FormFields, to values: inout [String: JSON]) {
        for field in fields.fields {
            if field.name.hasSuffix("[]") {
                let name = String(field.name.dropLast(2))
                values[name] = .array((values[name]?.arrayValue ?? []) + [.string(field.value)])
            } else {
                values[field.name] = .string(field.value)
            }
        }
    }
}
