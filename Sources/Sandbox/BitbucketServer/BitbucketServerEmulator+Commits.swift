// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension BitbucketServerEmulator {
    /// Newest first, from `until` (the default branch) back to `since`, which is not among them.
    func commits(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let git = backend.git(repository)
        let paging = try BitbucketServerPaging(call.request.query)
        if call.request.query["until"] == nil, try await git.isEmpty() {
            return .bitbucketServer(paging.page([], isLast: true))
        }
        let start = try await call.commit("until", of: repository).id
        var query = GitHistoryQuery(start: [start])
        if let path = call.request.query["path"], !path.isEmpty { query.path = path }
        query.skip = paging.start
        query.limit = paging.limit + 1
        let found = try await git.history(query)
        return .bitbucketServer(
            paging.page(
                found.prefix(paging.limit).map { call.entities.commit($0) }, isLast: found.count <= paging.limit))
    }

    func commit(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let id = call.path["id"]
        guard GitRepository.isAbbreviatedObjectID(id), let full = try await backend.git(repository).commitID(id),
            let found = try await backend.git(repository).commit(full)
        else { throw BitbucketServerRefusal.noCommit(id, repository.path) }
        return .bitbucketServer(call.entities.commit(found))
    }
}
