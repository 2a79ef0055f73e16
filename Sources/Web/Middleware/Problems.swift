// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import Model

/// Outermost of all: gives every answer its request ID and safe headers, turns every error into the API's form, and writes the
/// one log line of a request.
///
/// The line has the route's template, never the address: the address of an OAuth callback holds the code.
struct Problems: RouterMiddleware {
    let door: FrontDoor

    /// The cloud gateway's limits, in bytes: of the request line's address, of one header, of all headers.
    static let addressLimit = 32 << 10
    static let headerLimit = 32 << 10
    static let headersLimit = 128 << 10

    func handle(
        _ request: Request, context: OpenContext, next: (Request, OpenContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        if !door.proxies.isEmpty {
            context.source.read(request.headers[values: .xForwardedFor], from: door.proxies)
        }
        var response: Response
        var problem: Problem?
        do {
            try Self.checkSizes(of: request)
            response = try await next(request, context)
        } catch {
            let found = Problem(error)
            if found.isFault {
                context.log(.error, "request failed", metadata: ["error": "\(error)"])
            }
            response = found.response(requestID: context.requestID)
            problem = found
        }
        response.headers[.xRequestID] = context.requestID
        secure(&response.headers)
        context.log(
            .info, "request",
            metadata: Self.line(
                request, route: context.endpointPath, status: response.status, problem: problem,
                duration: ContinuousClock.now - start))
        return response
    }

    /// What browsers are told. The callback page alone says something else in its policy, and only there is something to show.
    private func secure(_ headers: inout HTTPFields) {
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        if headers[.contentSecurityPolicy] == nil {
            headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        if door.isTLS { headers[.strictTransportSecurity] = "max-age=31536000" }
    }

    private static func line(
        _ request: Request, route: String?, status: HTTPResponse.Status, problem: Problem?, duration: Duration
    ) -> Logger.Metadata {
        var line: Logger.Metadata = [
            "method": .string(request.method.rawValue), "route": .string(route ?? "none"),
            "status": .stringConvertible(status.code), "duration_ms": .stringConvertible(duration.milliseconds),
        ]
        if let problem { line["code"] = .string(problem.code) }
        return line
    }

    private static func checkSizes(of request: Request) throws {
        guard request.uri.string.utf8.count <= addressLimit else {
            throw ProblemError(Problem(.uriTooLong, "APIGW.0201", "The request's address is longer than 32 KB."))
        }
        var (longest, total) = (0, 0)
        for header in request.headers {
            let size = header.name.rawName.utf8.count + header.value.utf8.count
            longest = max(longest, size)
            total += size
        }
        guard longest <= headerLimit, total <= headersLimit else {
            throw ProblemError(.headersTooLarge)
        }
    }
}

extension Duration {
    /// Whole and thousandths of milliseconds.
    fileprivate var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds / 1_000_000_000_000) / 1000
    }
}
