// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated GitLab, as gitlab.com and self-managed servers behave: REST API v4, OAuth, sign-in pages and git over HTTP.
///
/// Where the official description and the forge's own recorded answers disagree, it follows the recordings.
/// https://docs.gitlab.com/api/rest/
struct GitLabEmulator: ForgeEmulator {
    /// The version that it says it is.
    static let version = "17.11.4-ee"
    static let revision = "b4d5b4e1c1f"

    let backend: ForgeBackend
    private let limiter = GitLabLimiter()

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        if let operation = GitSmartHTTP.operation(of: request) {
            let response = await answer { try await git(operation, request) }
            return ForgeAnswer(response, route: operation.isWriting ? "git push" : "git fetch")
        }
        guard request.segments.starts(with: ["api", "v4"]) else { return await respondToPage(request) }
        switch Self.routes.match(request.method, request.segments) {
        case .found(let route, let parameters, let pattern):
            return ForgeAnswer(await answer { try await respond(to: request, route, parameters) }, route: pattern)
        case .otherMethod:
            return ForgeAnswer(Self.response(to: .methodNotAllowed), route: "none")
        case .none:
            return ForgeAnswer(Self.response(to: .routeNotFound), route: "none")
        }
    }

    private func respond(
        to request: ForgeRequest, _ route: GitLabRoute, _ parameters: RouteParameters
    ) async throws -> Response {
        // Ruby on Rails answers these before any of GitLab's own code does.
        let query = request.query.fields.flatMap { [$0.name, $0.value] }
        if (request.segments + query).contains(where: { $0.utf8.contains(0) }) { return Self.malformed }
        let body = try await GitLabBody.read(request)
        let identity = try identify(request, body: body)
        if let identity, let refusal = limiter.refusal(for: identity) { return refusal }
        if route.needsUser, identity == nil { throw GitLabRefusal.unauthorized }
        if let identity, identity.scopes.isDisjoint(with: route.scopes) {
            throw GitLabRefusal.insufficientScope(needed: route.scopes)
        }
        let call = GitLabCall(
            backend: backend, request: request, path: parameters, identity: identity, values: body,
            state: backend.store.read { $0 })
        if let moved = call.redirect { return moved }
        var response = try await route.run(self, call)
        if response.headers[.cacheControl] == nil {
            response.headers[.cacheControl] = "max-age=0, private, must-revalidate"
        }
        return Self.finished(response)
    }

    /// Whom the request's token belongs to; nil where it has none.
    ///
    /// A personal token comes in `PRIVATE-TOKEN` (or `private_token`), any token in `Authorization: Bearer` (or
    /// `access_token`). https://docs.gitlab.com/api/rest/authentication/
    private func identify(_ request: ForgeRequest, body: [String: JSON]) throws(GitLabRefusal) -> Identity? {
        let privateToken = HTTPField.Name("PRIVATE-TOKEN").flatMap { request.headers[$0] }
        var token = privateToken ?? request.query["private_token"] ?? body["private_token"]?.stringValue
        let isPersonal = token != nil
        if token == nil, let authorization = request.authorization, authorization.scheme == "bearer" {
            token = authorization.value
        }
        guard let token = token ?? request.query["access_token"] else { return nil }
        do throws(TokenRefusal) {
            let identity = try backend.store.identify(token)
            guard isPersonal, case .oauth = identity.source else { return identity }
        } catch {
            switch error {
            case .expired: throw .expiredToken
            case .revoked: throw .revokedToken
            case .unknown: break
            }
        }
        throw .unauthorized
    }

    /// Turns everything that can go wrong into GitLab's own answer.
    func answer(_ work: () async throws -> Response) async -> Response {
        do {
            return try await work()
        } catch let refusal as GitLabRefusal {
            return Self.response(to: refusal)
        } catch GitError.invalidName {
            return Self.malformed
        } catch BodyProblem.tooLarge {
            return Self.response(to: .message(413, "413 Request Entity Too Large"))
        } catch BodyProblem.notJSON {
            return Self.response(to: .error(400, "message body does not match declared format"))
        } catch {
            backend.options.logger.error("The emulated GitLab failed", metadata: ["error": "\(error)"])
            return Self.response(to: .message(500, "500 Internal Server Error"))
        }
    }

    /// A text with a NUL in it, or one that git cannot hold as a name.
    private static let malformed = Response.text("Bad Request", status: .badRequest)

    static func response(to refusal: GitLabRefusal) -> Response {
        var headers: HTTPFields = [.cacheControl: "no-cache"]
        for header in refusal.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return finished(
            .json(
                refusal.body, status: HTTPResponse.Status(code: refusal.status), headers: headers,
                type: "application/json"))
    }

    /// The headers that every answer of the API has.
    private static func finished(_ response: Response) -> Response {
        var response = response
        let id = RandomText.hexadecimal(32)
        response.headers[.vary] = "Origin"
        response.headers[.gitLabMeta] = "{\"correlation_id\":\"\(id)\",\"version\":\"1\"}"
        response.headers[.gitLabRequestID] = id
        response.headers[.gitLabRuntime] = "0.010000"
        return response
    }
}

extension HTTPField.Name {
    static let gitLabMeta = field("X-Gitlab-Meta")
    static let gitLabRequestID = field("X-Request-Id")
    static let gitLabRuntime = field("X-Runtime")
    static let gitLabPragma = field("Pragma")

    /// A header by its name, which must be one.
    private static func field(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .vary
    }
}
