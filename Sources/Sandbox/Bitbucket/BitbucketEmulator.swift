// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated Bitbucket Cloud: its API under `/2.0`, its OAuth pages under `/site/oauth2`, and git.
///
/// A user's login is the slug of the user's own workspace; a group is a workspace as well.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/
struct BitbucketEmulator: ForgeEmulator {
    let backend: ForgeBackend
    /// An hour, as Bitbucket counts. https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
    private let limits = RateCounter(windowLength: 3600)

    init(backend: ForgeBackend) {
        self.backend = backend
    }

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        do {
            if let operation = GitSmartHTTP.operation(of: request) {
                return ForgeAnswer(try await git(operation, request), route: "git")
            }
            if request.segments.first == "2.0" { return await api(request) }
            return try await page(request)
        } catch {
            return ForgeAnswer(failure(error), route: "none")
        }
    }

    private func api(_ request: ForgeRequest) async -> ForgeAnswer {
        var route: BitbucketRoute?
        var pattern = "none"
        var parameters = RouteParameters(values: [:])
        if case .found(let found, let values, let text) = BitbucketRoute.table.match(request.method, request.segments) {
            (route, parameters, pattern) = (found, values, text)
        }
        var login: BitbucketLogin?
        var response: Response
        do {
            login = try BitbucketLogin(request, backend.store)
            guard let route else { throw BitbucketProblem.noAPI }
            try count(login)
            try route.check(login)
            let call = BitbucketCall(
                backend: backend, request: request, parameters: parameters, login: login,
                state: backend.store.read { $0 })
            if let moved = call.moved() {
                response = moved
            } else {
                response = try await route.handler(call)
            }
        } catch let problem as BitbucketProblem {
            response = problem.response
        } catch BodyProblem.tooLarge {
            response = BitbucketProblem(413, "Request entity too large").response
        } catch BodyProblem.notJSON {
            response = BitbucketProblem(400, "Bad request", detail: "The body is not valid JSON.").response
        } catch GitError.invalidName {
            response = BitbucketProblem(400, "Bad request").response
        } catch {
            response = failure(error)
        }
        response.headers[.vary] = "Authorization"
        if let login, let name = HTTPField.Name("X-Credential-Type"), let scopes = HTTPField.Name("X-OAuth-Scopes") {
            response.headers[name] = login.credentialType
            response.headers[scopes] = login.identity.scopes.sorted().joined(separator: ", ")
        }
        if let route, let name = HTTPField.Name("X-Accepted-OAuth-Scopes") {
            response.headers[name] = route.scopes.joined(separator: ", ")
        }
        return ForgeAnswer(response, route: pattern)
    }

    /// A token's own limit, or the usual one of a thousand or more; strangers have sixty requests.
    private func count(_ login: BitbucketLogin?) throws(BitbucketProblem) {
        if login?.identity.isThrottled == true { throw .limited }
        let limit = login.map { $0.identity.rateLimit ?? backend.options.rateLimit } ?? 60
        guard limits.count(login?.identity.key ?? "anonymous", limit: limit).isWithin else { throw .limited }
    }

    /// Whatever the emulator did not foresee, as Bitbucket's own 500 looks.
    private func failure(_ error: any Error) -> Response {
        backend.options.logger.error("The emulated Bitbucket failed", metadata: ["error": "\(error)"])
        return BitbucketProblem(500, "Something went wrong").response
    }
}
