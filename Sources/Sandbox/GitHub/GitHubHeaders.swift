// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// The headers around every answer of the API.
struct GitHubHeaders: Sendable {
    let request: ForgeRequest
    var identity: Identity?
    var rate: RateCounter.Reading?
    /// The scopes of which the operation takes any one.
    var acceptedScopes: [String] = []

    init(request: ForgeRequest) {
        self.request = request
    }

    /// The two versions that are alive.
    /// https://docs.github.com/en/rest/about-the-rest-api/api-versions
    static let versions = ["2022-11-28", "2026-03-10"]

    /// Checks what every request must have.
    /// - Returns: the API's version that the request asks for.
    func checkRequest() throws(GitHubProblem) -> String {
        // https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent-required
        guard let agent = request.headers[.userAgent], !agent.trimmed.isEmpty else {
            throw GitHubProblem(
                status: .forbidden,
                message: "Request forbidden by administrative rules. Please make sure your request has a User-Agent "
                    + "header.",
                documentation: "https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required")
        }
        let version = request.headers[Self.field("X-GitHub-Api-Version")] ?? Self.versions[0]
        guard Self.versions.contains(version) else {
            throw GitHubProblem(
                status: .badRequest,
                message: "\"\(version)\" is not a supported version of the API.",
                documentation: "https://docs.github.com/rest/overview/api-versions")
        }
        return version
    }

    /// The answer with all headers; 304 without a body where the caller has it already.
    func finish(_ response: Response) -> Response {
        var headers = response.headers
        headers[.server] = "GitHub.com"
        headers[.cacheControl] =
            identity == nil ? "public, max-age=60, s-maxage=60" : "private, max-age=60, s-maxage=60"
        headers[.vary] = "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding"
        headers[Self.field("X-GitHub-Request-Id")] = Self.requestID()
        headers[Self.field("X-GitHub-Enterprise-Version")] = GitHubEmulator.enterpriseVersion
        if headers[Self.field("X-GitHub-Media-Type")] == nil {
            headers[Self.field("X-GitHub-Media-Type")] = mediaTypeText
        }
        headers[Self.field("X-Content-Type-Options")] = "nosniff"
        if let version = request.headers[Self.field("X-GitHub-Api-Version")], Self.versions.contains(version) {
            headers[Self.field("X-GitHub-Api-Version-Selected")] = version
        }
        if let identity {
            headers[Self.field("X-OAuth-Scopes")] = identity.scopes.sorted().joined(separator: ", ")
            headers[Self.field("X-Accepted-OAuth-Scopes")] = acceptedScopes.sorted().joined(separator: ", ")
            if let expires = identity.expires {
                let text = Timestamp.utc(expires).replacing("T", with: " ").replacing("Z", with: " UTC")
                headers[Self.field("GitHub-Authentication-Token-Expiration")] = text
            }
        }
        if let rate {
            headers[Self.field("X-RateLimit-Limit")] = String(rate.limit)
            headers[Self.field("X-RateLimit-Remaining")] = String(rate.remaining)
            headers[Self.field("X-RateLimit-Used")] = String(rate.used)
            headers[Self.field("X-RateLimit-Reset")] = String(rate.reset)
            headers[Self.field("X-RateLimit-Resource")] = "core"
        }
        guard request.method == .get || request.method == .head, let tag = headers[.eTag] else {
            return Response(status: response.status, headers: headers, body: response.body)
        }
        if request.headers[.ifNoneMatch].map({ $0 == tag || "W/" + $0 == tag }) == true {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers, body: ResponseBody())
        }
        return Response(status: response.status, headers: headers, body: response.body)
    }

    private var mediaTypeText: String {
        let accept = request.headers[.accept] ?? ""
        for parameter in ["raw", "object", "full", "html"]
        where accept.contains("github.\(parameter)") || accept.contains("github.v3.\(parameter)") {
            return "github.v3; param=\(parameter)" + (accept.contains("+json") ? "; format=json" : "")
        }
        return accept.contains("vnd.github") ? "github.v3; format=json" : "unknown, github.v3"
    }

    private static func requestID() -> String {
        let hexadecimal = { (count: Int) in RandomText.hexadecimal(count).uppercased() }
        return "\(hexadecimal(4)):\(hexadecimal(5)):\(hexadecimal(6)):\(hexadecimal(6)):\(hexadecimal(8))"
    }

    /// A header's name of our own writing.
    static func field(_ name: String) -> HTTPField.Name {
        // Only a text with characters that no header name has would give nil.
        HTTPField.Name(name) ?? .server
    }
}
