// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `git clone`, `fetch` and `push` with a token as the password of any user.
extension GitHubEmulator {
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        let identity: Identity?
        do {
            identity = try self.identity(of: request)
        } catch {
            return unauthorized
        }
        let found = backend.store.read { state in
            state.repository(fullPath: operation.repositoryPath)
                ?? state.repository(formerPath: operation.repositoryPath)
        }
        guard let repository = found, mayRead(repository, identity) else {
            // Whoever is not signed in is asked to, so that nobody learns which repositories there are.
            return identity == nil ? unauthorized : .text("Repository not found.\n", status: .notFound)
        }
        if operation.isWriting {
            guard let identity else { return unauthorized }
            let isPublic = repository.visibility == .public
            let hasScope = identity.scopes.contains("repo") || (isPublic && identity.scopes.contains("public_repo"))
            guard hasScope, backend.store.read({ $0.mayWrite(repository, as: identity.user.id) }) else {
                return .text("Permission to \(operation.repositoryPath).git denied.\n", status: .forbidden)
            }
            if repository.isArchived {
                return .text("This repository was archived so it is read-only.\n", status: .forbidden)
            }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(repository), user: identity?.user.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: repository) }
        return response
    }

    func mayRead(_ repository: SandboxRepository, _ identity: Identity?) -> Bool {
        guard backend.store.read({ $0.mayRead(repository, as: identity?.user.id) }) else { return false }
        return repository.visibility == .public || identity?.scopes.contains("repo") ?? false
    }

    private var unauthorized: Response {
        .text(
            "Authentication required.\n", status: .unauthorized,
            headers: [.wwwAuthenticate: "Basic realm=\"GitHub\""])
    }
}
