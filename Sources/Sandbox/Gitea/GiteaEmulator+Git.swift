// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Cloning and pushing over HTTP: the account's password, or a token in its place or in the user's.
extension GiteaEmulator {
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        guard let (user, scopes) = identified(request) else { return Self.denied }
        let needed: Set =
            operation.isWriting ? ["write:repository", "all"] : ["write:repository", "read:repository", "all"]
        if let scopes, scopes.isDisjoint(with: needed) {
            return .text("Your token does not have permission to access this repository.\n", status: .forbidden)
        }
        let state = backend.store.read { $0 }
        guard let place = state.repository(fullPath: operation.repositoryPath), state.mayRead(place, as: user?.id)
        else { return user == nil ? Self.denied : .text("Repository not found\n", status: .notFound) }
        if operation.isWriting {
            guard let user else { return Self.denied }
            guard state.mayWrite(place, as: user.id) else {
                return .text("User permission denied\n", status: .forbidden)
            }
            if place.isArchived {
                return .text(
                    "This repo is archived. You can view files and clone it, but cannot push.\n", status: .forbidden)
            }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(place), user: user?.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: place) }
        return response
    }

    /// nil for credentials that are none.
    private func identified(_ request: ForgeRequest) -> (SandboxUser?, Set<String>?)? {
        do {
            return try identify(request)
        } catch {
            return nil
        }
    }

    private static let denied = Response.text(
        "Unauthorized\n", status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"Gitea\""])
}
