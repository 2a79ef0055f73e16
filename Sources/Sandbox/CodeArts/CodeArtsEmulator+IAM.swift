// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Identity and Access Management, as far as it gives tokens for passwords.
/// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
extension CodeArtsEmulator {
    /// Seconds that a token lives: 24 hours.
    private static let lifetime: Int64 = 86_400

    func token(_ request: ForgeRequest) async throws -> Response {
        guard request.method == .post else { return Self.iam(405, "Method Not Allowed", "The method is not allowed.") }
        let body: JSON
        do {
            body = try await request.json()
        } catch BodyProblem.notJSON {
            return Self.iam(400, "Bad Request", "Request body is invalid.")
        }
        let auth = body["auth"]
        let identity = auth?["identity"]
        guard identity?["methods"]?.arrayValue?.contains("password") == true,
            let person = identity?["password"]?["user"], let name = person["name"]?.stringValue,
            let password = person["password"]?.stringValue, let domain = person["domain"]?["name"]?.stringValue
        else { return Self.iam(400, "Bad Request", "Request parameter 'auth' is invalid.") }
        let user = backend.store.read { $0.user(login: name) }
        let now = AccountStore.now()
        // IAM's pages do not say how it refuses a password that is over. Here it is as a wrong one.
        guard var user, user.password.text == password, domain == SandboxSeed.domain,
            user.passwordExpires.map({ $0 > now }) ?? true
        else { return Self.iam(401, "Unauthorized", "The username or password is wrong.") }
        if user.passwordExpires == nil { user.passwordExpires = backend.options.personalTokenLifetime.map { now + $0 } }
        let (id, passwordEnd) = (user.id, user.passwordExpires)
        let expires = now + (backend.options.accessTokenLifetime ?? Self.lifetime)
        let text = "MII" + RandomText.alphanumeric(253)
        backend.store.update { state in
            for index in state.users.indices where state.users[index].id == id {
                state.users[index].passwordExpires = passwordEnd
            }
            // A new token leaves the user's others as they are; those that are over are of no more use.
            state.tokens.removeAll { $0.name == Self.tokenName && ($0.expires ?? now) < now - Self.lifetime }
            state.tokens.append(
                PersonalToken(
                    id: state.makeID(), userID: id, name: Self.tokenName, token: KeptSecret(text),
                    scopes: [Self.tokenName],
                    expires: backend.options.accessTokenRevokedAfter.map { min(expires, now + $0) } ?? expires,
                    created: now))
        }
        return .json(
            Self.token(of: user, scope: auth?["scope"] ?? [:], issued: now, expires: expires), status: .created,
            headers: [Self.subjectToken: text], type: "application/json;charset=UTF-8")
    }

    private static func token(of user: SandboxUser, scope: JSON, issued: Int64, expires: Int64) -> JSON {
        let domain: JSON = ["id": .string(CodeArtsView.id(of: "domain")), "name": .string(SandboxSeed.domain)]
        var token: JSON = [
            "expires_at": .string(time(expires)), "issued_at": .string(time(issued)), "methods": ["password"],
            "catalog": [], "roles": [["id": "0", "name": "te_admin"]],
            "user": [
                "id": .string(CodeArtsView.id(of: user)), "name": .string(user.login), "domain": domain,
                "password_expires_at": .string(user.passwordExpires.map(time) ?? ""),
            ],
        ]
        if let project = scope["project"]?["name"]?.stringValue {
            let id = CodeArtsView.id(of: "project " + project)
            token = token.adding(["project": ["id": .string(id), "name": .string(project), "domain": domain]])
        } else {
            token = token.adding(["domain": domain])
        }
        return ["token": token]
    }

    /// `2020-01-04T09:05:22.701000Z`
    private static func time(_ seconds: Int64) -> String {
        String(Timestamp.utc(seconds).dropLast()) + ".000000Z"
    }

    private static func iam(_ status: Int, _ title: String, _ message: String) -> Response {
        .json(
            ["error": ["code": .integer(status), "message": .string(message), "title": .string(title)]],
            status: HTTPResponse.Status(code: status), type: "application/json;charset=UTF-8")
    }
}
