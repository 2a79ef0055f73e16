// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GitHubCall {
    /// https://docs.github.com/en/rest/commits/commits#list-commits
    func commits() async throws -> Response {
        let repository = try repository()
        let git = try await filledGit(repository)
        let start = request.query["sha"].flatMap { $0.isEmpty ? nil : $0 } ?? repository.defaultBranch
        guard let commit = try await git.commitID(start) else { throw GitHubProblem.notFound }
        var query = GitHistoryQuery(start: [commit])
        query.path = request.query["path"]
        query.author = request.query["author"].map(email)
        query.committer = request.query["committer"].map(email)
        query.since = try time("since")
        query.until = try time("until")
        let total = try await git.historyCount(query)
        query.skip = page.offset
        query.limit = page.size
        let body = GitHubRepositoryView(view, repository)
        return .json(.array(try await git.history(query).map(body.commit)), headers: pageHeaders(total: total))
    }

    /// https://docs.github.com/en/rest/commits/commits#get-a-commit
    func commit() async throws -> Response {
        let repository = try repository()
        let git = try await filledGit(repository)
        let name = parameters["ref"]
        guard let id = try await git.commitID(name), let commit = try await git.commit(id) else {
            throw GitHubProblem.unprocessable("No commit found for SHA: \(name)")
        }
        if request.headers[.accept]?.contains("github.sha") == true { return .text(id) }
        let files = try await git.changedFiles(of: commit)
        let page = Page(request.query, defaultSize: 300, maximum: 300)
        let body = GitHubRepositoryView(view, repository).commit(commit, files: page.slice(files))
        return .json(body, headers: files.count > 300 ? pageHeaders(total: files.count) : [:])
    }

    /// Authors are named by login or email.
    private func email(_ name: String) -> String {
        backend.store.read { $0.user(login: name)?.email } ?? name
    }

    private func time(_ field: String) throws -> Int64? {
        guard let text = request.query[field], !text.isEmpty else { return nil }
        guard let seconds = Timestamp.seconds(text) else {
            throw GitHubProblem.unprocessable("\(field) is not an ISO 8601 time.")
        }
        return seconds
    }
}
