// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// The workspaces that the user belongs to. Bitbucket does not mark the user's own: it has the account's UUID or name.
    ///
    /// An access token is shown no list: its workspace is the one that was given with it.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
    func namespaces() async throws(ForgeError) -> [Namespace] {
        if case .accessToken(_, let workspace?) = try Login(try await session.source.current()) {
            let call = Call(.get, "/workspaces/" + (try Self.segment(workspace, of: .workspace)))
            return [Namespace(try await session.value(WireWorkspace.self, call))]
        }
        let user = try await user()
        let all: [WireWorkspace]
        do throws(ForgeError) {
            all = try await list(of: WireAccess.self, Call(.get, "/user/workspaces", query: [Self.pageLength]))
                .map(\.workspace)
        } catch {
            throw error.saying(
                "Bitbucket lists no workspaces for this token: it lacks the scope account, or is an access token. Give an access token as workspace:token.",
                of: .forbidden)
        }
        let own = all.filter { isOwn($0, user) }
        return (own + all.filter { !isOwn($0, user) }).map(Namespace.init)
    }

    private func isOwn(_ workspace: WireWorkspace, _ user: WireUser?) -> Bool {
        guard let user else { return false }
        if let uuid = workspace.uuid, uuid == user.uuid { return true }
        return workspace.slug == user.username?.lowercased()
    }

    /// `workspace` has no `name` here, unlike anywhere else.
    private struct WireAccess: Decodable {
        let workspace: WireWorkspace
    }
}

extension Namespace {
    fileprivate init(_ wire: Bitbucket.WireWorkspace) {
        self.init(id: wire.slug, name: wire.slug)
    }
}
