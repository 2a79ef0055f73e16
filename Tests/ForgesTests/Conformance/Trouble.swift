// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport

@testable import Forges

/// What can go wrong in any call, whatever the verb.
enum Trouble: String, CaseIterable, Sendable {
    case credentialRejected, scopeMissing, singleSignOn, primaryLimit, secondaryLimit, tooMany, tooManyWithoutEnd
    case failed, badGateway, page, pageInPlaceOfJSON, cutJSON, unreachable, timedOut, tooLarge, foreignRedirect
    case redirectLoop, endlessList, foreignPage

    /// What the caller is told, at whichever call of a verb it happens.
    var code: ForgeError.Code {
        switch self {
        case .credentialRejected: .credentialRejected
        case .scopeMissing, .singleSignOn: .forbidden
        case .primaryLimit, .secondaryLimit, .tooMany, .tooManyWithoutEnd: .rateLimited
        case .timedOut: .timedOut
        default: .unavailable
        }
    }

    /// The status of a refusal that is about the credential; nil for all else.
    var status: Int? {
        switch self {
        case .credentialRejected: 401
        case .scopeMissing: 403
        default: nil
        }
    }

    /// Whether it is only seen where the forge's answer is read.
    var needsReader: Bool { self == .pageInPlaceOfJSON || self == .cutJSON }

    /// Whether it is only seen in lists of many pages.
    var needsPages: Bool { self == .endlessList || self == .foreignPage }

    /// Whether this forge knows it at all.
    func exists(at forge: ForgeID) -> Bool {
        switch (self, forge) {
        case (.singleSignOn, .gitlab), (.primaryLimit, .gitlab), (.secondaryLimit, .gitlab): false
        case (.singleSignOn, .devcloud), (.primaryLimit, .devcloud), (.secondaryLimit, .devcloud): false
        // Its lists have no addresses of further pages.
        case (.foreignPage, .devcloud): false
        case (.singleSignOn, .bitbucket), (.primaryLimit, .bitbucket), (.secondaryLimit, .bitbucket): false
        // Lists that are read by number: no address of a next page is followed.
        case (.foreignPage, .gitee), (.foreignPage, .gitea): false
        default: true
        }
    }

    /// The answer in trouble, in place of a good one. The body is full of what must not be passed on.
    func answer(to request: Upstream.Request, good: Upstream.Response, at forge: ForgeID) throws -> Upstream.Response {
        let said = #"{"message":"\#(GoodForge.canary)\n<script>","error_description":"\#(GoodForge.canary)"}"#
        switch self {
        case .credentialRejected: return .json(said, status: 401)
        case .scopeMissing:
            let error =
                #"{"error":"insufficient_scope","error_description":"\#(GoodForge.canary)","scope":"api read_api"}"#
            let bitbucket =
                #"{"type":"error","error":{"message":"\#(GoodForge.canary)","detail":{"required":["webhook"],"granted":[]}}}"#
            let body = [ForgeID.gitlab: error, .bitbucket: bitbucket][forge]
            return .json(
                body ?? said, status: 403,
                headers: ["X-Accepted-OAuth-Scopes": "repo, admin:x", "X-OAuth-Scopes": "gist"])
        case .singleSignOn:
            return .json(
                said, status: 403,
                headers: ["X-GitHub-SSO": "required; url=https://evil.example/\(GoodForge.canary)"])
        case .primaryLimit:
            return .json(said, status: 403, headers: ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"])
        case .secondaryLimit: return .json(said, status: 403, headers: ["Retry-After": "30"])
        case .tooMany: return .json(said, status: 429, headers: ["Retry-After": "30"])
        case .tooManyWithoutEnd: return Upstream.Response(status: 429, body: Array("Retry later\n".utf8))
        case .failed: return .json(said, status: 500)
        case .badGateway: return page(502)
        case .page: return page(403)
        case .pageInPlaceOfJSON: return page(good.status)
        case .cutJSON:
            return Upstream.Response(
                status: good.status, headers: [], body: Array(good.body.dropLast(good.body.count / 2)))
        case .unreachable: throw Upstream.Failure.unreachable(GoodForge.canary)
        case .timedOut: throw Upstream.Failure.timedOut
        case .tooLarge: throw Upstream.Failure.tooLarge(limit: 1 << 20)
        case .foreignRedirect:
            return Upstream.Response(
                status: 307, headers: [Upstream.Header("Location", "https://evil.example/\(GoodForge.canary)")])
        case .redirectLoop:
            return Upstream.Response(status: 307, headers: [Upstream.Header("Location", request.url)])
        case .endlessList where forge == .devcloud: return endless(good)
        case .endlessList where forge == .gitee || forge == .gitea:
            var answer = good
            answer.headers.removeAll { $0.name == "X-Total-Count" }
            answer.headers.append(Upstream.Header("total_page", "1000000"))
            return answer
        case .endlessList: return try linked(good, to: request.url, at: forge)
        case .foreignPage: return try linked(good, to: "https://evil.example/?page=2", at: forge)
        }
    }

    private func page(_ status: Int) -> Upstream.Response {
        Upstream.Response(
            status: status, headers: [Upstream.Header("Content-Type", "text/html")],
            body: Array("<html><body>\(GoodForge.canary)</body></html>".utf8))
    }

    /// The same page whatever the offset, of a list that is said to be longer.
    private func endless(_ good: Upstream.Response) -> Upstream.Response {
        var answer = good
        answer.headers.append(Upstream.Header("X-Total", "1000000"))
        return answer
    }

    private func linked(_ good: Upstream.Response, to address: String, at forge: ForgeID) throws -> Upstream.Response {
        var answer = good
        if forge == .bitbucket {
            var page = try JSONSerialization.jsonObject(with: Data(good.body)) as? [String: Any] ?? [:]
            page["next"] = address
            answer.body = Array(try JSONSerialization.data(withJSONObject: page))
            return answer
        }
        answer.headers.append(Upstream.Header("Link", "<\(address)>; rel=\"next\""))
        return answer
    }
}
