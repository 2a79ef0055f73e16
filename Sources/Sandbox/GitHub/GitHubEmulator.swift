// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated GitHub Enterprise Server: its API under `/api/v3`, its OAuth pages under `/login`, and git.
///
/// https://docs.github.com/en/enterprise-server@3.9/rest
struct GitHubEmulator: ForgeEmulator {
    let backend: ForgeBackend
    /// An hour, as GitHub counts.
    private let limits = RateCounter(windowLength: 3600)
    private let routes = RouteTable(GitHubRoute.all)

    static let enterpriseVersion = "3.9.0"

    init(backend: ForgeBackend) {
        self.backend = backend
    }

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        do {
            if let operation = GitSmartHTTP.operation(of: request) {
                return ForgeAnswer(try await git(operation, request), route: "git")
            }
            if request.segments.starts(with: ["api", "v3"]) { return await api(request) }
            return try await page(request)
        } catch let problem as GitHubProblem {
            return ForgeAnswer(problem.response(documentation: ""), route: "none")
        } catch {
            return ForgeAnswer(failure(error), route: "none")
        }
    }

    /// Whatever the emulator did not foresee, as GitHub's own 500 looks.
    private func failure(_ error: any Error) -> Response {
        backend.options.logger.error("The emulated GitHub failed", metadata: ["error": "\(error)"])
        return GitHubProblem(status: .internalServerError, message: "Server Error").response(documentation: "")
    }

    private func api(_ request: ForgeRequest) async -> ForgeAnswer {
        let segments = rewritten(Array(request.segments.dropFirst(2)))
        var route: GitHubRoute?
        var pattern = "none"
        var parameters = RouteParameters.none
        if case .found(let found, let values, let text) = routes.match(request.method, segments) {
            (route, parameters, pattern) = (found, values, text)
        }
        var headers = GitHubHeaders(request: request)
        headers.acceptedScopes = route?.scopes ?? []
        let response: Response
        do {
            let version = try headers.checkRequest()
            // There an application proves itself, not a user.
            let isApplication = route?.isForApplications ?? false
            let identity = isApplication ? nil : try identity(of: request)
            headers.identity = identity
            let rate = try count(identity, isFree: isApplication || pattern == "GET /rate_limit")
            headers.rate = rate
            guard let route else { throw GitHubProblem.notFound }
            if route.requiresUser, identity == nil { throw GitHubProblem.requiresAuthentication }
            let call = GitHubCall(
                backend: backend, request: request, parameters: parameters, identity: identity, rate: rate,
                version: version)
            response = try await route.handler(call)
        } catch let problem as GitHubRateProblem {
            headers.rate = problem.rate
            response = problem.problem.response(documentation: route?.documentation ?? "")
        } catch let problem as GitHubProblem {
            response = problem.response(documentation: route?.documentation ?? "")
        } catch BodyProblem.tooLarge {
            response = GitHubProblem(status: .contentTooLarge, message: "Payload Too Large").response(documentation: "")
        } catch {
            response = failure(error)
        }
        return ForgeAnswer(headers.finish(response), route: pattern)
    }

    /// The addresses by id, to which redirects and `Link` headers lead, lead on to those by name.
    private func rewritten(_ segments: [String]) -> [String] {
        guard segments.count >= 2, let id = Int(segments[1]) else { return segments }
        let rest = segments.dropFirst(2)
        return backend.store.read { state in
            switch segments[0] {
            case "repositories":
                guard let repository = state.repository(id: id) else { return segments }
                return ["repos", state.namespacePath(of: repository.owner), repository.path] + rest
            case "organizations":
                guard let group = state.group(id: id) else { return segments }
                return ["orgs", group.fullPath] + rest
            case "user":
                guard let user = state.user(id: id) else { return segments }
                return ["users", user.login] + rest
            default: return segments
            }
        }
    }

    /// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
    func identity(of request: ForgeRequest) throws(GitHubProblem) -> Identity? {
        guard request.headers[.authorization] != nil else { return nil }
        var candidates: [String] = []
        switch request.authorization?.scheme {
        case "token"?, "bearer"?: candidates = [request.authorization?.value ?? ""]
        case "basic"?:
            // The token stands as password, or as user with `x-oauth-basic` or nothing for password.
            guard let basic = request.basicCredentials else { break }
            candidates = [basic.password, basic.user]
        default: break
        }
        for token in candidates {
            do {
                return try backend.store.identify(token)
            } catch {
                continue
            }
        }
        throw .badCredentials
    }

    /// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    private func count(_ identity: Identity?, isFree: Bool) throws -> RateCounter.Reading {
        let key = identity?.key ?? "anonymous"
        let limit = identity.map { $0.rateLimit ?? backend.options.rateLimit } ?? 60
        if isFree { return limits.read(key, limit: limit) }
        if let identity, identity.isThrottled {
            throw GitHubRateProblem.secondary(limits.read(key, limit: limit))
        }
        let (reading, isWithin) = limits.count(key, limit: limit)
        if !isWithin { throw GitHubRateProblem.primary(reading, user: identity?.user.id) }
        return reading
    }
}

extension RouteParameters {
    /// Of no route.
    static let none = RouteParameters(values: [:])
}

/// A limit that is used up.
struct GitHubRateProblem: Error {
    let problem: GitHubProblem
    let rate: RateCounter.Reading

    static func primary(_ rate: RateCounter.Reading, user: Int?) -> GitHubRateProblem {
        let whose = user.map { "user ID \($0)" } ?? "127.0.0.1"
        return GitHubRateProblem(
            problem: GitHubProblem(
                status: .forbidden, message: "API rate limit exceeded for \(whose).",
                documentation: "https://docs.github.com/rest/overview/resources-in-the-rest-api#rate-limiting"),
            rate: rate)
    }

    static func secondary(_ rate: RateCounter.Reading) -> GitHubRateProblem {
        let page = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
        var problem = GitHubProblem(
            status: .forbidden,
            message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            documentation: page)
        problem.headers[.retryAfter] = "60"
        return GitHubRateProblem(problem: problem, rate: rate)
    }
}
