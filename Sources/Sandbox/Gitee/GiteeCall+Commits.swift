// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    func commits() async throws -> Response {
        let (place, git) = try repository()
        let start = try fields.text("sha").flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        guard let tip = try await commitID(start, in: git) else { throw GiteeRefusal.notFound("Commit") }
        let page = Page(request.query, defaultSize: 20)
        var query = GitHistoryQuery(start: [tip])
        query.path = try fields.text("path")
        if let author = try fields.text("author"), !author.isEmpty {
            query.author = state.user(login: author)?.email ?? author
        }
        query.since = try time("since")
        query.until = try time("until")
        query.skip = page.offset
        query.limit = page.size
        let found = try await git.history(query)
        let total = try await git.historyCount(query)
        let shown = GiteeRepositoryView(view: view, place: place)
        return Self.list(found.map { shown.commit($0) }, page, total: total)
    }

    private func time(_ name: String) throws(GiteeRefusal) -> Int64? {
        guard let text = try fields.text(name), !text.isEmpty else { return nil }
        guard let seconds = Timestamp.seconds(text) else { throw .invalid(name) }
        return seconds
    }

    func commit() async throws -> Response {
        let (place, git) = try repository()
        guard let id = try await commitID(path["sha"], in: git), let commit = try await git.commit(id) else {
            throw GiteeRefusal.notFound("Commit")
        }
        let shown = GiteeRepositoryView(view: view, place: place)
        let files = try await git.changedFiles(of: commit)
        let added = files.reduce(0) { $0 + $1.added }
        let deleted = files.reduce(0) { $0 + $1.deleted }
        return .json(
            shown.commit(commit).adding([
                "stats": [
                    "id": .string(id), "additions": .integer(added), "deletions": .integer(deleted),
                    "total": .integer(added + deleted),
                ],
                "files": .array(files.map { shown.difference($0, of: commit) }),
            ]))
    }
}
