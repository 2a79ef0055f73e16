// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Cloning and pushing over HTTP: any user name with a token as password, or the account's own password.
/// https://docs.gitlab.com/topics/git/clone/#clone-with-https
extension GitLabEmulator {
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        let state = backend.store.read { $0 }
        var user: SandboxUser?
        if let basic = request.basicCredentials {
            guard let found = Self.user(basic, for: operation, in: state, store: backend.store) else {
                return Self.denied
            }
            user = found
        }
        let project = state.repository(fullPath: operation.repositoryPath)
        guard let project, state.mayRead(project, as: user?.id) else {
            return user == nil
                ? Self.denied
                : .text(
                    "The project you were looking for could not be found or you don't have permission to view it.\n",
                    status: .notFound)
        }
        let role = user.flatMap { state.role(of: $0.id, in: project) }
        if project.visibility == .private, let role, role < .reporter {
            return .text("You are not allowed to download code from this project.\n", status: .forbidden)
        }
        if operation.isWriting {
            guard user != nil else { return Self.denied }
            guard let role, role >= .developer else {
                return .text("You are not allowed to push code to this project.\n", status: .forbidden)
            }
            if project.isArchived {
                return .text("You can't push code to an archived project.\n", status: .forbidden)
            }
        }
        let body = try await request.bytes()
        if operation.isWriting, request.method == .post, let user {
            let push = GitLabPush(body)
            let branch = try await defaultBranch(of: project)?.shortName
            for change in push.changes {
                if let sentence = state.refusal(of: change, in: project, by: user, defaultBranch: branch) {
                    return push.refusal(sentence)
                }
            }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, body: body, repository: backend.git(project), user: user?.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: project) }
        return response
    }

    private static func user(
        _ basic: (user: String, password: String), for operation: GitSmartHTTP.Operation, in state: AccountState,
        store: AccountStore
    ) -> SandboxUser? {
        do throws(TokenRefusal) {
            let identity = try store.identify(basic.password)
            let needed: Set =
                operation.isWriting
                ? ["api", "write_repository"]
                : [
                    "api", "read_repository", "write_repository",
                ]
            return identity.scopes.isDisjoint(with: needed) ? nil : identity.user
        } catch {
            return error == .unknown ? state.user(signingInAs: basic.user, password: basic.password) : nil
        }
    }

    private static let denied = Response.text(
        "HTTP Basic: Access denied. The provided password or token is incorrect or your account has 2FA enabled and you "
            + "must use a personal access token instead of a password.\n",
        status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"GitLab\""])
}
