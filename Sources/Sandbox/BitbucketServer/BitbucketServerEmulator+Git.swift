// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension BitbucketServerEmulator {
    /// Clone, fetch and push below `/scm`, with a password or a token, as Basic or as Bearer.
    func git(_ operation: GitSmartHTTP.Operation, _ request: ForgeRequest) async throws -> Response {
        let caller: BitbucketServerCaller?
        do throws(BitbucketServerRefusal) {
            caller = try identify(request)
        } catch {
            return Self.denied
        }
        let parts = operation.repositoryPath.split(separator: "/").map(String.init)
        let state = backend.store.read { $0 }
        guard parts.count == 3, let owner = state.bitbucketOwner(key: parts[1]),
            let repository = state.bitbucketRepository(owner, slug: parts[2]),
            state.mayRead(repository, as: caller?.user.id)
        else { return caller == nil ? Self.denied : Self.refused("Repository not found", .notFound) }
        if operation.isWriting {
            guard let caller else { return Self.denied }
            guard state.mayWrite(repository, as: caller.user.id), caller.level >= .write else {
                return Self.refused("You are not permitted to push to this repository", .forbidden)
            }
            guard !repository.isArchived else { return Self.refused("The repository is archived", .forbidden) }
        } else if let caller, caller.level < .read, repository.visibility != .public {
            return Self.refused("You are not permitted to access this repository", .forbidden)
        }
        let response = try await GitSmartHTTP.respond(
            operation, request: request, repository: backend.git(repository), user: caller?.user.login)
        if operation.isWriting, request.method == .post { try await backend.followPush(to: repository) }
        return response
    }

    private static func refused(_ sentence: String, _ status: HTTPResponse.Status) -> Response {
        .text("fatal: \(sentence)\n", status: status)
    }

    private static let denied = Response.text(
        "Authentication failed\n", status: .unauthorized,
        headers: [.wwwAuthenticate: "Basic realm=\"Atlassian Bitbucket\""])
}
