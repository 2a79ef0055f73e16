// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Cloning and pushing over HTTP: `account/user` with the password, or `private-token` with a token made for git.
/// https://support.huaweicloud.com/usermanual-codeartsrepo/codeartsrepo_03_0021.html
extension CodeArtsEmulator {
    /// What the tokens for git are good for.
    static let gitScope = "git"

    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        let state = backend.store.read { $0 }
        var user: SandboxUser?
        if let basic = request.basicCredentials {
            user = Self.user(basic, in: state, store: backend.store)
            if user == nil { return Self.denied }
        }
        guard let repository = state.repository(fullPath: operation.repositoryPath),
            state.mayRead(repository, as: user?.id)
        else { return user == nil ? Self.denied : .text("repository not found\n", status: .notFound) }
        if operation.isWriting {
            guard let user else { return Self.denied }
            guard state.mayWrite(repository, as: user.id), !repository.isArchived else {
                return .text("You are not allowed to push to this repository.\n", status: .forbidden)
            }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(repository), user: user?.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: repository) }
        return response
    }

    private static func user(
        _ basic: (user: String, password: String), in state: AccountState, store: AccountStore
    ) -> SandboxUser? {
        if basic.user == "private-token" {
            do throws(TokenRefusal) {
                let identity = try store.identify(basic.password)
                return identity.scopes.contains(gitScope) ? identity.user : nil
            } catch {
                return nil
            }
        }
        let parts = basic.user.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0] == SandboxSeed.domain else { return nil }
        guard let user = state.user(login: parts[1]), user.password.text == basic.password else { return nil }
        return user
    }

    private static let denied = Response.text(
        "Authentication failed.\n", status: .unauthorized,
        headers: [.wwwAuthenticate: "Basic realm=\"CodeArts Repo\""])
}
