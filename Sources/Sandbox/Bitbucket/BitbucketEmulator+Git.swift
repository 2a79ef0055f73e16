// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `git clone`, `fetch` and `push`: an API token with the account's name or email, the other tokens with `x-token-auth`.
/// https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/
extension BitbucketEmulator {
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        var identity: Identity?
        if let basic = request.basicCredentials {
            guard let found = Self.identity(basic, backend.store) else { return denied }
            identity = found
        }
        let found = backend.store.read { state in
            state.repository(fullPath: operation.repositoryPath)
                ?? state.repository(formerPath: operation.repositoryPath)
        }
        let scopes = BitbucketLogin.effective(identity?.scopes ?? [])
        guard let repository = found,
            backend.store.read({ $0.mayRead(repository, as: identity?.user.id) }),
            repository.visibility == .public || scopes.contains("repository")
        else { return identity == nil ? denied : .text("Repository not found\n", status: .notFound) }
        if operation.isWriting {
            guard let identity else { return denied }
            guard scopes.contains("repository:write"), !repository.isArchived,
                backend.store.read({ $0.mayWrite(repository, as: identity.user.id) })
            else { return .text("You may not push to this repository.\n", status: .forbidden) }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(repository), user: identity?.user.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: repository) }
        return response
    }

    private static func identity(_ basic: (user: String, password: String), _ store: AccountStore) -> Identity? {
        guard let found = try? store.identify(basic.password) else { return nil }
        let user = basic.user.lowercased()
        switch BitbucketLogin.kind(of: basic.password, found) {
        case .apiToken:
            let names = [found.user.login, found.user.email, "x-bitbucket-api-token-auth"]
            return names.contains { $0.lowercased() == user } ? found : nil
        case .accessToken, .oauth: return user == "x-token-auth" ? found : nil
        }
    }

    private var denied: Response {
        .text(
            "You may not have access to this repository.\n", status: .unauthorized,
            headers: [.wwwAuthenticate: "Basic realm=\"Bitbucket.org HTTP\""])
    }
}
