// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import Hummingbird
import Model

extension Operation {
    /// The operations on authorizations.
    static func authorizations(_ broker: Broker) -> [Operation] {
        [
            Operation("ListAuthorizations", .get, "/auths", .listAuthorizations, about: .authorization) { call in
                let authorizations = try await broker.authorizations(call.grant)
                var json = JSONWriter()
                json.object {
                    $0.member("authorizations") {
                        $0.array(authorizations) { $0.authorization($1, listed: true) }
                    }
                    $0.member("count", Int64(authorizations.count))
                }
                return json.response()
            },
            Operation("ShowAuthorization", .get, "/auths/{name}", .getAuthorization, about: .authorization) { call in
                let details = try await broker.details(try call.parameters.segment("name"), with: call.grant)
                var json = JSONWriter()
                json.object { $0.member("authorization") { $0.details(details) } }
                return json.response()
            },
            Operation("ShowRedirectUrl", .get, "/auths/{repo_type}/redirect", .getAuthorization, about: .authorization)
            { call in
                let isRenewal = try call.parameters.flag("reauthorize")
                let forge = try call.forgeID()
                let name = isRenewal ? try call.parameters.required("name") : try call.parameters.optional("name")
                let url = try await broker.redirect(
                    to: forge, site: try call.parameters.optional("tag"), name: name, renewing: isRenewal,
                    with: call.grant)
                var json = JSONWriter()
                json.object { $0.member("url", url) }
                return json.response()
            },
            Operation("CreateOAuth", .post, "/auths/{repo_type}/oauth", .createAuthorization, about: .authorization) {
                call in
                let visit = try await OAuthVisit(call)
                return answer(
                    try await broker.authorize(
                        visit.name, forge: visit.forge, site: visit.site, code: visit.code, state: visit.state,
                        with: call.grant))
            },
            Operation("UpdateOAuth", .put, "/auths/{repo_type}/oauth", .createAuthorization, about: .authorization) {
                call in
                let visit = try await OAuthVisit(call)
                return answer(
                    try await broker.reauthorize(
                        visit.name, forge: visit.forge, site: visit.site, code: visit.code, state: visit.state,
                        with: call.grant))
            },
            Operation(
                "CreatePersonalAuth", .post, "/auths/{repo_type}/personal", .createAuthorization, about: .authorization
            ) { call in
                answer(try await broker.authorize(try await personal(call), with: call.grant))
            },
            Operation(
                "UpdatePersonalAuth", .put, "/auths/{repo_type}/personal", .createAuthorization, about: .authorization
            ) { call in
                answer(try await broker.reauthorize(try await personal(call), with: call.grant))
            },
            Operation(
                "CreatePasswordAuth", .post, "/auths/{repo_type}/password", .createAuthorization, about: .authorization
            ) { call in
                answer(try await broker.authorize(try await password(call), with: call.grant))
            },
            Operation(
                "UpdatePasswordAuth", .put, "/auths/{repo_type}/password", .createAuthorization, about: .authorization
            ) { call in
                answer(try await broker.reauthorize(try await password(call), with: call.grant))
            },
            Operation(
                "CheckRepositoryPassword", .get, "/auths/{repo_type}/password/valid", .getAuthorization,
                about: .authorization
            ) { call in
                do {
                    try await broker.checkPasswords(of: try call.forgeID(), with: call.grant)
                } catch let error as ForgeError where error.code == .credentialRejected {
                    // This one operation documents 401 for a rejected password.
                    throw ProblemError(Problem(.unauthorized, "SVCSTG.REPO.0451", error.message))
                }
                return Response(status: .ok)
            },
            Operation("DeleteAuthorize", .delete, "/auths/{name}", .deleteAuthorization, about: .authorization) {
                call in
                try await broker.delete(try call.parameters.segment("name"), with: call.grant)
                return Response(status: .noContent)
            },
        ]
    }

    private static func personal(_ call: Call) async throws -> Broker.Offer {
        let forge = try call.forgeID()
        let body = try await Body(call.request)
        return Broker.Offer(
            name: try body.present("name", limit: 1024), forge: forge,
            credential: .personal(try body.secret("token")), host: try body.optional("host", limit: 2048))
    }

    private static func password(_ call: Call) async throws -> Broker.Offer {
        let forge = try call.forgeID()
        let body = try await Body(call.request)
        return Broker.Offer(
            name: try body.present("name", limit: 1024), forge: forge, credential: try password(body),
            host: try body.optional("host", limit: 2048))
    }

    private static func answer(_ authorization: Authorization) -> Response {
        var json = JSONWriter()
        json.object { $0.member("authorization") { $0.authorization(authorization, listed: false) } }
        return json.response()
    }

    /// `user` and `password`, or the Terraform provider's `token`: base64 of `user:password`.
    private static func password(_ body: Body) throws -> Credential {
        if body.has("token"), !body.has("password") {
            let packed = try body.base64("token")
            guard let text = String(validating: packed, as: UTF8.self),
                let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
                colon != text.startIndex, text.utf8.index(after: colon) != text.endIndex
            else { throw ProblemError.invalid("token must be base64 of user:password.") }
            return try credential(user: String(text[..<colon]), Secret(String(text[text.utf8.index(after: colon)...])))
        }
        return try credential(user: try body.text("user", limit: 1024), try body.secret("password"))
    }

    private static func credential(user: String, _ password: Secret) throws -> Credential {
        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || $0.value == 0x7F }
        guard !user.utf8.contains(UInt8(ascii: ":")), !user.unicodeScalars.contains(where: isControl),
            !password.exposed.unicodeScalars.contains(where: isControl)
        else { throw ProblemError.invalid("user must not hold a colon, nor user or password control characters.") }
        return .password(user: user, password: password)
    }
}

/// What a person's visit to a forge has brought back, as a caller hands it in.
private struct OAuthVisit {
    let forge: ForgeID
    let site: String?
    let name: String
    let code: Secret
    let state: Secret

    init(_ call: Operation.Call) async throws {
        forge = try call.forgeID()
        let body = try await Body(call.request)
        name = try body.present("name", limit: 1024)
        site = try call.parameters.optional("tag")
        code = try body.secret("code")
        state = try body.secret("state")
    }
}

extension Operation.Call {
    /// The forge that `{repo_type}` names.
    fileprivate func forgeID() throws -> ForgeID {
        let text = try parameters.segment("repo_type")
        guard let forge = ForgeID(repoType: text) else {
            let known = ForgeID.allCases.map(\.rawValue).joined(separator: ", ")
            throw AccessError(.unsupported, "This repository type is not supported here. Supported: \(known).")
        }
        return forge
    }
}

extension JSONWriter {
    /// The API's authorization object. `avartar` is spelt so in the API; `tag` is in lists only.
    fileprivate mutating func authorization(_ authorization: Authorization, listed: Bool) {
        object { $0.members(of: authorization, authorization.status, listed: listed) }
    }

    private mutating func members(of authorization: Authorization, _ status: AuthorizationStatus, listed: Bool) {
        member("name", authorization.name.text)
        member("repo_type", authorization.forge.rawValue)
        member("repo_host", authorization.host)
        member("repo_home", authorization.home)
        member("repo_user", authorization.user)
        member("avartar", authorization.avatar)
        member("token_type", authorization.mode.rawValue)
        member("create_time", authorization.created)
        member("update_time", authorization.updated)
        if listed { member("tag", authorization.site) }
        member("status", Int64(status.rawValue))
    }

    /// The extension's object: that of the list and what else is known.
    fileprivate mutating func details(_ details: Broker.Details) {
        let standing = details.standing
        object { json in
            json.members(
                of: details.authorization, standing.reason?.status ?? details.authorization.status, listed: true)
            json.member("reason", standing.reason?.rawValue)
            json.member("reason_msg", standing.reason?.advice)
            json.member("renewed", details.isRenewed)
            json.member("expire_time", standing.expires)
            json.member("last_use_time", standing.used)
            json.member("last_proof_time", standing.proved)
            if let scopes = standing.scopes {
                json.member("scopes") { $0.array(scopes) { $0.string($1) } }
            } else {
                json.member("scopes", String?.none)
            }
        }
    }
}
