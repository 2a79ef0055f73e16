// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/
extension BitbucketCall {
    /// Newest first: of a revision and of every `include`, without those of every `exclude`; of all branches and tags where
    /// neither is there. The lists may come in a form, too.
    func commits() async throws -> Response {
        let repository = try repository()
        let git = git(repository)
        var fields = request.query
        if request.method == .post {
            fields = FormFields(
                fields.fields.map { ($0.name, $0.value) }
                    + (try await request.form()).fields.map { ($0.name, $0.value) })
        }
        let named = (parameters["revision"].isEmpty ? [] : [parameters["revision"]]) + fields.all("include")
        let wanted = try await resolve(named, in: git)
        let unwanted = try await resolve(fields.all("exclude"), in: git)
        let page = try BitbucketPage(self, isCounted: false)
        // Beside excluded refs, git would take "all" as given only where it is written out.
        var arguments = ["rev-list", "--topo-order", "--max-count=\(page.length + 1)", "--skip=\(page.offset)"]
        arguments += wanted.isEmpty ? ["--branches", "--tags"] : wanted
        arguments += unwanted.map { "^" + $0 } + ["--"]
        let parts = (fields["path"] ?? "").split(separator: "/")
        if !parts.isEmpty {
            guard !parts.contains(".."), !parts.contains(where: { $0.utf8.contains(0) }) else {
                throw BitbucketProblem.noFile(fields["path"] ?? "")
            }
            arguments.append(parts.joined(separator: "/"))
        }
        let lines = String(decoding: try await git.command().run(arguments), as: UTF8.self).split(separator: "\n")
        let found = try await git.commits(lines.prefix(page.length).map(String.init))
        let view = view
        return page.response(found.map { view.commit($0, repository) }, hasNext: lines.count > page.length)
    }

    private func resolve(_ names: [String], in git: GitRepository) async throws -> [String] {
        var found: [String] = []
        for name in names {
            guard let id = try await git.commitID(name) else { throw Self.noCommit(name) }
            found.append(id)
        }
        return found
    }

    private static func noCommit(_ name: String) -> BitbucketProblem {
        BitbucketProblem(404, "Commit not found", detail: .string(name))
    }

    /// By SHA, whole or cut; also by a branch's or tag's name.
    func commit() async throws -> Response {
        let repository = try repository()
        let git = git(repository)
        guard let id = try await git.commitID(parameters["commit"]), let commit = try await git.commit(id) else {
            throw Self.noCommit(parameters["commit"])
        }
        return .json(view.commit(commit, repository).adding(["participants": []]))
    }
}
