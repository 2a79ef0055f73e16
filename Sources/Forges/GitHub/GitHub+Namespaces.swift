// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    struct WireUser: Decodable {
        let login: String
        let html_url: String?
        let avatar_url: String?
    }

    private struct WireOrganization: Decodable {
        let login: String
    }

    /// https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    func account() async throws(ForgeError) -> Account {
        let (user, _) = try await user()
        return Account(
            login: user.login, home: user.html_url ?? host.pages + "/" + PercentEncoding.segment(user.login),
            avatar: user.avatar_url ?? "")
    }

    /// The user, and the answer, whose headers tell of the credential.
    func user() async throws(ForgeError) -> (WireUser, Upstream.Response) {
        let answer = try await session.send(Call(.get, "/user"))
        let user = try session.decode(WireUser.self, answer)
        guard !user.login.isEmpty else { throw session.nonsense("a user without a login", status: 200) }
        return (user, answer)
    }

    /// The list of organisations does not hold the user, who comes first.
    /// https://docs.github.com/en/rest/orgs/orgs#list-organizations-for-the-authenticated-user
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let user = try await account()
        let organizations = try await session.list(
            of: WireOrganization.self, Call(.get, "/user/orgs", query: [("per_page", "100")]))
        return ([user.login] + organizations.map(\.login)).map { Namespace(id: $0, name: $0) }
    }

    /// Whether the namespace is the user's own. Logins are the same whatever their letter case.
    func isOwn(_ namespace: String) async throws(ForgeError) -> Bool {
        try await account().login.lowercased() == namespace.lowercased()
    }
}
