// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated Gitea: its API under `/api/v1`, OAuth, sign-in pages and git over HTTP. Forgejo has the same.
///
/// https://docs.gitea.com/development/api-usage
struct GiteaEmulator: ForgeEmulator {
    let backend: ForgeBackend
    private let routes = RouteTable(GiteaRoute.all)

    init(backend: ForgeBackend) {
        self.backend = backend
    }

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        if let operation = GitSmartHTTP.operation(of: request) {
            let response = await answer { try await git(operation, request) }
            return ForgeAnswer(response, route: operation.isWriting ? "git push" : "git fetch")
        }
        guard request.segments.starts(with: ["api", "v1"]) else { return await respondToPage(request) }
        switch routes.match(request.method, request.segments) {
        case .found(let route, let parameters, let pattern):
            return ForgeAnswer(await answer { try await respond(to: request, route, parameters) }, route: pattern)
        case .otherMethod:
            return ForgeAnswer(GiteaRefusal(405, "Method Not Allowed").response(address: backend.host), route: "none")
        case .none:
            return ForgeAnswer(GiteaRefusal.notFound.response(address: backend.host), route: "none")
        }
    }

    private func respond(
        to request: ForgeRequest, _ route: GiteaRoute, _ parameters: RouteParameters
    ) async throws -> Response {
        let query = request.query.fields.flatMap { [$0.name, $0.value] }
        if (request.segments + query).contains(where: { $0.utf8.contains(0) }) { throw GiteaRefusal.notFound }
        let (user, scopes) = try identify(request)
        if route.needsUser, user == nil { throw GiteaRefusal.tokenRequired }
        let isWriting = request.method != .get && request.method != .head
        if let scopes {
            let needed = route.categories.map { (isWriting ? "write:" : "read:") + $0 }
            let held = scopes.union(scopes.map { $0.replacing("write:", with: "read:") })
            if !scopes.contains("all"), !needed.allSatisfy(held.contains) { throw GiteaRefusal.scope(needed) }
        }
        var body: JSON = [:]
        if isWriting {
            body = try await request.json()
            guard case .object = body else { throw BodyProblem.notJSON }
        }
        let call = GiteaCall(
            backend: backend, request: request, path: parameters, user: user, body: body,
            state: backend.store.read { $0 })
        return try await route.run(call)
    }

    /// A token in `Authorization` (called `token` or `Bearer`), or a user with a password or a token.
    /// - Returns: the scopes of a token; nil for a password, which may do everything.
    func identify(_ request: ForgeRequest) throws(GiteaRefusal) -> (SandboxUser?, Set<String>?) {
        guard let authorization = request.authorization else {
            if request.headers[.authorization] != nil { throw .badCredentials }
            return (nil, nil)
        }
        var candidates: [String] = []
        switch authorization.scheme {
        case "token", "bearer": candidates = [authorization.value]
        case "basic":
            guard let basic = request.basicCredentials else { throw .badCredentials }
            if let user = backend.store.read({ $0.user(signingInAs: basic.user, password: basic.password) }) {
                return (user, nil)
            }
            candidates = [basic.password, basic.user]
        default: break
        }
        for token in candidates {
            do throws(TokenRefusal) {
                let identity = try backend.store.identify(token)
                return (identity.user, identity.scopes)
            } catch {
                continue
            }
        }
        throw .badCredentials
    }

    /// Turns everything that can go wrong into Gitea's own answer.
    func answer(_ work: () async throws -> Response) async -> Response {
        do {
            return try await work()
        } catch let refusal as GiteaRefusal {
            return refusal.response(address: backend.host)
        } catch GitError.invalidName {
            return GiteaRefusal(422, "path contains a malformed path component").response(address: backend.host)
        } catch BodyProblem.tooLarge {
            return GiteaRefusal(413, "Request Entity Too Large").response(address: backend.host)
        } catch BodyProblem.notJSON {
            return GiteaRefusal(422, "invalid character in the JSON of the body").response(address: backend.host)
        } catch {
            backend.options.logger.error("The emulated Gitea failed", metadata: ["error": "\(error)"])
            return GiteaRefusal(500, "").response(address: backend.host)
        }
    }
}
