// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import HTTPTypes
import Hummingbird
import Model

/// One operation of the API: its place, the action that a caller must be allowed, what it is about, and its handler. A handler gets a
/// ``Grant`` because the table, not the handler, asks for it.
struct Operation: Sendable {
    /// What a handler is given.
    struct Call: Sendable {
        let request: Request
        let grant: Grant
        let parameters: RequestParameters
        let target: Target

        /// The authorization that `X-Repo-Auth` names, with the forge behind it.
        func open(_ broker: Broker) async throws -> Broker.Opened {
            try await broker.open(request.headers[.xRepoAuth], with: grant)
        }

        /// The forge behind the authorization that `X-Repo-Auth` names.
        func forge(_ broker: Broker) async throws -> any Forge {
            try await open(broker).forge
        }
    }

    typealias Handler = @Sendable (Call) async throws -> Response

    /// The SDKs' name of the operation; the `operationId` in `openapi.yaml`.
    let id: String
    let method: HTTPRequest.Method
    /// Below ``Operation/root``, in OpenAPI's form: `/repos/{namespace}/projects`.
    let path: String
    let action: Action
    let subject: Subject
    let handle: Handler

    static let root = "/v1/{project_id}/git"

    /// The whole path, in OpenAPI's form.
    let template: String
    /// The parameters' names, with the positions that the router knows them by.
    private let names: [(position: String, name: Substring)]

    /// - Parameter root: what stands before the path, where it is not the usual one.
    init(
        _ id: String, _ method: HTTPRequest.Method, _ path: String, _ action: Action, about subject: Subject,
        root: String = Self.root, _ handle: @escaping Handler
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.action = action
        self.subject = subject
        self.handle = handle
        template = root + path
        names = template.split(separator: "/").enumerated().compactMap { position, segment in
            segment.hasPrefix("{") ? (String(position), segment.dropFirst().dropLast()) : nil
        }
    }

    /// The place as the router takes it. Its parameters are named by their position: the router wants one name for one
    /// position, and the API has `{name}` where it also has `{repo_type}`.
    var routerPath: RouterPath {
        let segments = template.split(separator: "/").enumerated()
        return RouterPath(segments.map { $1.hasPrefix("{") ? "{\($0)}" : String($1) }.joined(separator: "/"))
    }

    func respond(to request: Request, _ context: CallerContext, _ broker: Broker) async throws -> Response {
        let note = AuditNote(id, broker.audit, requestID: context.requestID, source: context.source)
        // Whatever becomes of it is in the record of the caller's own tenant.
        return try await note.recording(isChange: action.changesAuthorizations, by: { context.caller }) {
            try await answer(to: request, context, broker.permission, note.trace)
        }
    }

    private func answer(
        to request: Request, _ context: CallerContext, _ permission: Permission, _ trace: AuditTrace
    ) async throws -> Response {
        // For the log: the template with the parameters' own names.
        context.coreContext.endpointPath.value = template
        let named = names.compactMap { position, name in
            context.parameters.get(position).map { (name, Substring($0)) }
        }
        let parameters = try RequestParameters(request, .init(named))
        let leave = try await Grant.authorise(
            context.caller, to: action, in: try parameters.segment("project_id"), by: permission, trace: trace)
        let target = try await subject.target(of: request, parameters)
        if let namespace = target.namespace, let project = target.project {
            trace.note(namespace: namespace, project: project)
        }
        let grant = try leave.about(target.facts)
        let response = try await handle(
            Call(request: request, grant: grant, parameters: parameters, target: target))
        // A policy that nobody has asked in the end would be one that is passed over.
        guard grant.isSettled else {
            throw AccessError(
                .unavailable, "Something failed inside Gatehouse. Give the operator the request ID.",
                cause: "\(id) has not asked the policies about all that it is about")
        }
        return response
    }
}

extension HTTPField.Name {
    static let xRepoAuth = fieldName("X-Repo-Auth")
    static let xAuthToken = fieldName("X-Auth-Token")
    static let xSubjectToken = fieldName("X-Subject-Token")
    static let xRequestID = fieldName("X-Request-Id")
    static let xForwardedFor = fieldName("X-Forwarded-For")
    static let referrerPolicy = fieldName("Referrer-Policy")

    private static func fieldName(_ name: String) -> HTTPField.Name {
        // The names above are all valid; the fallback only spares a force unwrap.
        HTTPField.Name(name) ?? .accept
    }
}
