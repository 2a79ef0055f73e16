// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated Bitbucket Data Center: its REST API, OAuth 2, sign-in pages and git over HTTP. No recorded answers of a server
/// were at hand: it is written from Atlassian's documentation and OpenAPI description.
/// https://developer.atlassian.com/server/bitbucket/rest/
struct BitbucketServerEmulator: ForgeEmulator {
    static let version = "8.19.7"

    let backend: ForgeBackend
    private let counter = RateCounter(windowLength: 60)

    init(backend: ForgeBackend) {
        self.backend = backend
    }

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        // Tomcat, below Bitbucket, takes these for an attack.
        let raw = request.rawPath.lowercased()
        if raw.contains("%2f") || raw.contains("%5c") || raw.contains("%00") {
            let page = HTMLPage(title: "HTTP Status 400 – Bad Request", paragraphs: ["Invalid URI"])
            return ForgeAnswer(page.response(.badRequest), route: "none")
        }
        if request.segments.first == "scm", let operation = GitSmartHTTP.operation(of: request) {
            let response = await answer(nil) { try await git(operation, request) }
            return ForgeAnswer(response, route: operation.isWriting ? "git push" : "git fetch")
        }
        if let page = await respondToPage(request) { return page }
        switch Self.routes.match(request.method, Self.canonical(request.segments)) {
        case .found(let route, let parameters, let pattern):
            return ForgeAnswer(await respond(to: request, route, parameters), route: pattern)
        case .otherMethod:
            return ForgeAnswer(Self.container(405, "HTTP 405 Method Not Allowed"), route: "none")
        case .none:
            return ForgeAnswer(Self.container(404, "HTTP 404 Not Found"), route: "none")
        }
    }

    /// A user's own repositories have a second address, below the user: `users/octavia/repos` is `projects/~octavia/repos`.
    private static func canonical(_ segments: [String]) -> [String] {
        guard segments.count >= 6, segments[0] == "rest", segments[3] == "users", segments[5] == "repos" else {
            return segments
        }
        var changed = segments
        changed[3] = "projects"
        if !changed[4].hasPrefix("~") { changed[4] = "~" + changed[4] }
        return changed
    }

    private func respond(
        to request: ForgeRequest, _ route: BitbucketServerRoute, _ parameters: RouteParameters
    ) async -> Response {
        let caller: BitbucketServerCaller?
        do throws(BitbucketServerRefusal) {
            caller = try identify(request)
        } catch {
            return finished(Self.response(to: error), nil)
        }
        return await answer(caller) {
            if let caller, let refusal = limit(caller) { return refusal }
            guard caller?.level ?? .nothing >= route.level else { throw BitbucketServerRefusal.unauthorised }
            let call = BitbucketServerCall(
                backend: backend, request: request, path: parameters, caller: caller,
                state: backend.store.read { $0 })
            if let moved = call.redirect { return moved }
            return try await route.run(self, call)
        }
    }

    /// Whom the request comes from; nil where it has no credential.
    /// https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html
    func identify(_ request: ForgeRequest) throws(BitbucketServerRefusal) -> BitbucketServerCaller? {
        if let authorization = request.authorization, authorization.scheme == "bearer" {
            return try caller(token: authorization.value)
        }
        guard let basic = request.basicCredentials else {
            if request.headers[.authorization] != nil { throw .unauthenticated }
            return nil
        }
        if let user = backend.store.read({ $0.user(signingInAs: basic.user, password: basic.password) }) {
            return BitbucketServerCaller(user: user, level: .projectAdmin, identity: nil)
        }
        let caller = try caller(token: basic.password)
        guard caller.user.login.lowercased() == basic.user.lowercased() else { throw .unauthenticated }
        return caller
    }

    private func caller(token: String) throws(BitbucketServerRefusal) -> BitbucketServerCaller {
        do throws(TokenRefusal) {
            let identity = try backend.store.identify(token)
            return BitbucketServerCaller(
                user: identity.user, level: BitbucketServerLevel(scopes: identity.scopes), identity: identity)
        } catch {
            throw .unauthenticated
        }
    }

    /// https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html
    private func limit(_ caller: BitbucketServerCaller) -> Response? {
        guard let identity = caller.identity, let limit = identity.isThrottled ? 0 : identity.rateLimit else {
            return nil
        }
        let (reading, isWithin) = counter.count(identity.key, limit: limit)
        guard !isWithin else { return nil }
        var response = Self.response(
            to: BitbucketServerRefusal(
                status: 429, message: "You have been rate limited.", exception: "ratelimit.RateLimitedException"))
        response.headers[.retryAfter] = String(max(reading.reset - AccountStore.now(), 1))
        return response
    }

    /// Turns everything that can go wrong into Bitbucket's own answer.
    func answer(_ caller: BitbucketServerCaller?, _ work: () async throws -> Response) async -> Response {
        do {
            return finished(try await work(), caller)
        } catch let refusal as BitbucketServerRefusal {
            return finished(Self.response(to: refusal), caller)
        } catch GitError.invalidName {
            return finished(Self.response(to: .invalid(nil, "The name is not one that git allows.")), caller)
        } catch BodyProblem.tooLarge {
            return finished(Self.container(413, "HTTP 413 Request Entity Too Large"), caller)
        } catch BodyProblem.notJSON {
            return finished(Self.response(to: .invalid(nil, "The request's body is no JSON.")), caller)
        } catch {
            backend.options.logger.error(
                "The emulated Bitbucket Data Center failed", metadata: ["error": "\(error)"])
            let failure = BitbucketServerRefusal(
                status: 500, message: "An error occurred while processing the request.")
            return finished(Self.response(to: failure), caller)
        }
    }

    private static func response(to refusal: BitbucketServerRefusal) -> Response {
        .bitbucketServer(refusal.body, status: HTTPResponse.Status(code: refusal.status))
    }

    /// What answers where no resource is: the container below.
    static func container(_ status: Int, _ message: String) -> Response {
        .bitbucketServer(
            ["message": .string(message), "status-code": .integer(status), "sub-code": -1],
            status: HTTPResponse.Status(code: status))
    }

    /// The headers that every answer has.
    private func finished(_ response: Response, _ caller: BitbucketServerCaller?) -> Response {
        var response = response
        response.headers[.bitbucketRequest] = "@\(RandomText.alphanumeric(7))x\(AccountStore.now() % 1440)x1x0"
        if let caller {
            response.headers[.bitbucketUserID] = String(caller.user.id)
            response.headers[.bitbucketUser] = PercentEncoding.encode(caller.user.login)
        }
        if response.headers[.cacheControl] == nil {
            response.headers[.cacheControl] = "private, no-cache, no-transform"
        }
        return response
    }
}

extension Response {
    static func bitbucketServer(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(value.text, type: "application/json;charset=UTF-8", status: status)
    }
}

extension HTTPField.Name {
    static let bitbucketRequest = field("X-AREQUESTID")
    static let bitbucketUser = field("X-AUSERNAME")
    static let bitbucketUserID = field("X-AUSERID")
    static let bitbucketXSRF = field("X-Atlassian-Token")

    /// A header by its name, which must be one.
    private static func field(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .vary
    }
}
