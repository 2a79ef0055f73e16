// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated Gitee: its API version 5 under `/api/v5`, OAuth, sign-in pages and git over HTTP.
///
/// https://gitee.com/api/v5/swagger
struct GiteeEmulator: ForgeEmulator {
    let backend: ForgeBackend
    private let limits = RateCounter(windowLength: 3600)
    private let routes = RouteTable(GiteeRoute.all)

    init(backend: ForgeBackend) {
        self.backend = backend
    }

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        if let operation = GitSmartHTTP.operation(of: request) {
            let response = await answer { try await git(operation, request) }
            return ForgeAnswer(response, route: operation.isWriting ? "git push" : "git fetch")
        }
        guard request.segments.starts(with: ["api", "v5"]) else { return await respondToPage(request) }
        switch routes.match(request.method, request.segments) {
        case .found(let route, let parameters, let pattern):
            return ForgeAnswer(await answer { try await respond(to: request, route, parameters) }, route: pattern)
        case .otherMethod:
            return ForgeAnswer(finished(GiteeRefusal(405, "405 Not Allowed").response), route: "none")
        case .none:
            return ForgeAnswer(finished(GiteeRefusal.routeNotFound.response), route: "none")
        }
    }

    private func respond(
        to request: ForgeRequest, _ route: GiteeRoute, _ parameters: RouteParameters
    ) async throws -> Response {
        guard request.headers[.userAgent]?.isEmpty == false else { throw GiteeRefusal.noAgent }
        let query = request.query.fields.flatMap { [$0.name, $0.value] }
        if (request.segments + query).contains(where: { $0.utf8.contains(0) }) { throw GiteeRefusal.routeNotFound }
        let fields = try await GiteeFields(request)
        let identity = try identify(request, fields)
        try count(identity)
        if route.needsUser, identity == nil { throw GiteeRefusal.noToken }
        if let identity, !route.scopes.isEmpty, identity.scopes.isDisjoint(with: route.scopes) {
            throw GiteeRefusal.scope(route.scopes)
        }
        let call = GiteeCall(
            backend: backend, request: request, path: parameters, identity: identity, fields: fields,
            state: backend.store.read { $0 })
        return try await route.run(call)
    }

    /// The token is a parameter of the query or the body, or stands in `Authorization`, called `token` or `Bearer`.
    private func identify(_ request: ForgeRequest, _ fields: GiteeFields) throws(GiteeRefusal) -> Identity? {
        var token = try fields.text("access_token")
        if token == nil, let authorization = request.authorization {
            guard ["token", "bearer"].contains(authorization.scheme) else { throw .unknownToken }
            token = authorization.value
        }
        guard let token else { return nil }
        do throws(TokenRefusal) {
            return try backend.store.identify(token)
        } catch {
            throw error == .expired ? .expiredToken : .unknownToken
        }
    }

    private func count(_ identity: Identity?) throws(GiteeRefusal) {
        if identity?.isThrottled == true { throw GiteeRefusal(403, "403 Forbidden: Rate Limit Exceeded") }
        let limit = identity.map { $0.rateLimit ?? backend.options.rateLimit } ?? 60
        let (reading, isWithin) = limits.count(identity?.key ?? "anonymous", limit: limit)
        if !isWithin { throw .limit(seconds: max(reading.reset - AccountStore.now(), 1)) }
    }

    /// Turns everything that can go wrong into Gitee's own answer.
    func answer(_ work: () async throws -> Response) async -> Response {
        let response: Response
        do {
            response = try await work()
        } catch let refusal as GiteeRefusal {
            response = refusal.response
        } catch GitError.invalidName {
            response = GiteeRefusal(400, "名称不合法").response
        } catch BodyProblem.tooLarge {
            response = GiteeRefusal(413, "413 Request Entity Too Large").response
        } catch BodyProblem.notJSON {
            response = GiteeRefusal(400, "message body does not match declared format").response
        } catch {
            backend.options.logger.error("The emulated Gitee failed", metadata: ["error": "\(error)"])
            response = GiteeRefusal(500, "500 Internal Server Error").response
        }
        return finished(response)
    }

    private func finished(_ response: Response) -> Response {
        var response = response
        if let name = HTTPField.Name("X-Request-Id") { response.headers[name] = RandomText.hexadecimal(32) }
        return response
    }
}
