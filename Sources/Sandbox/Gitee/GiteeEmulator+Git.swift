// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Cloning and pushing over HTTP: a token as the password of any user (`oauth2`, as a rule), or the account's own password.
extension GiteeEmulator {
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        let state = backend.store.read { $0 }
        var user: SandboxUser?
        if let basic = request.basicCredentials {
            guard let found = Self.user(basic, in: state, store: backend.store) else { return Self.denied }
            user = found
        }
        guard let place = state.repository(fullPath: operation.repositoryPath), state.mayRead(place, as: user?.id)
        else { return user == nil ? Self.denied : .text("\(operation.repositoryPath) not found!\n", status: .notFound) }
        if operation.isWriting {
            guard let user else { return Self.denied }
            guard state.mayWrite(place, as: user.id) else {
                return .text("Access denied\n", status: .forbidden)
            }
            if place.isArchived { return .text("The repository is closed\n", status: .forbidden) }
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(place), user: user?.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: place) }
        return response
    }

    private static func user(
        _ basic: (user: String, password: String), in state: AccountState, store: AccountStore
    ) -> SandboxUser? {
        do throws(TokenRefusal) {
            let identity = try store.identify(basic.password)
            return identity.scopes.contains("projects") ? identity.user : nil
        } catch {
            return error == .unknown ? state.user(signingInAs: basic.user, password: basic.password) : nil
        }
    }

    private static let denied = Response.text(
        "Access denied\n", status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"Gitee\""])
}
