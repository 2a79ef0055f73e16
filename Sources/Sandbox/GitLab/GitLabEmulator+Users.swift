// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// https://docs.gitlab.com/api/users/
extension GitLabEmulator {
    func currentUser(_ call: GitLabCall) throws -> Response {
        .gitLab(call.entities.currentUser(try call.user))
    }

    /// By name exactly, or by a part of name, login or email.
    func users(_ call: GitLabCall) throws -> Response {
        var form = call.form
        let username = form.text("username")?.lowercased()
        let search = form.text("search")?.lowercased()
        let paging = GitLabPaging(&form)
        try form.validate()
        let found = call.state.users.sorted { $0.id > $1.id }.filter { user in
            if let username { return user.login.lowercased() == username }
            guard let search else { return true }
            return user.login.lowercased().contains(search) || user.name.lowercased().contains(search)
                || user.email.lowercased() == search
        }
        let page = paging.page(found, link: call.link(form))
        return .gitLab(page) { call.entities.basicUser($0) }
    }

    /// By number only.
    func user(_ call: GitLabCall) throws -> Response {
        guard let id = call.path.integer("user_id") else { throw GitLabRefusal.error(400, "id is invalid") }
        guard let user = call.state.user(id: id) else { throw GitLabRefusal.notFound("User") }
        return .gitLab(call.entities.publicUser(user))
    }

    /// The token of the request itself. https://docs.gitlab.com/api/personal_access_tokens/
    func personalToken(_ call: GitLabCall) throws -> Response {
        guard case .personal(let id)? = call.identity?.source,
            let token = call.state.tokens.first(where: { $0.id == id })
        else { throw GitLabRefusal.notFound("Personal Access Token") }
        return .gitLab([
            "id": .integer(token.id), "name": .string(token.name), "revoked": false,
            "created_at": .string(GitLabTime.record(token.created)), "description": nil,
            "scopes": .array(token.scopes.map(JSON.string)), "user_id": .integer(token.userID),
            "last_used_at": .string(GitLabTime.record(AccountStore.now())), "active": true,
            // A day, at whose beginning it ends. An end within a day, which GitLab has not, is told as the next one's.
            "expires_at": .optional(token.expires.map { GitLabTime.day($0 + 86_399) }),
        ])
    }

    /// https://docs.gitlab.com/api/version/
    func version(_ call: GitLabCall) -> Response {
        .gitLab(["version": .string(Self.version), "revision": .string(Self.revision)])
    }

    /// https://docs.gitlab.com/api/metadata/
    func metadata(_ call: GitLabCall) -> Response {
        .gitLab([
            "version": .string(Self.version), "revision": .string(Self.revision),
            "kas": ["enabled": false, "externalUrl": nil, "externalK8sProxyUrl": nil, "version": nil],
            "enterprise": true,
        ])
    }
}

extension Response {
    /// An answer of GitLab's API. Its type has no character set.
    static func gitLab(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        .json(value, status: status, type: "application/json")
    }

    /// One page of a list, with the headers about the others.
    static func gitLab<Element>(_ page: GitLabPage<Element>, _ render: (Element) -> JSON) -> Response {
        var response = gitLab(.array(page.elements.map(render)))
        for header in page.headers {
            if let name = HTTPField.Name(header.name) { response.headers[name] = header.value }
        }
        return response
    }
}
