// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/commits/
extension GitLabEmulator {
    /// Newest first. A ref that is not there, and an empty repository, give an empty list: git is asked, finds nothing,
    /// and GitLab does not look why.
    func commits(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let ref = form.text("ref_name")
        let path = form.text("path")
        let all = form.flag("all") ?? false
        let withStats = form.flag("with_stats") ?? false
        let firstParent = form.flag("first_parent") ?? false
        _ = form.choice("order", of: ["default", "topo"], default: "default")
        _ = form.flag("trailers", default: false)
        let author = form.text("author")
        let times = ["since", "until"].map { name -> Int64? in
            guard let text = form.text(name), !text.isEmpty else { return nil }
            let time = Timestamp.seconds(text)
            if time == nil { form.complain("\(name) is invalid") }
            return time
        }
        let paging = GitLabPaging(&form)
        try form.validate()
        let (project, git) = try call.code()
        var start: [String] = []
        if !all {
            guard let found = try await commitID(ref ?? "", of: project) else {
                return .gitLab(paging.uncounted([GitCommit](), link: call.link(form))) { _ in nil }
            }
            start = [found]
        }
        var query = GitHistoryQuery(start: start)
        query.path = path
        query.author = author
        query.since = times[0]
        query.until = times[1]
        query.firstParentOnly = firstParent
        query.skip = min(paging.offset, Int(Int32.max))
        query.limit = paging.perPage
        let found = try await git.history(query)
        var rendered: [JSON] = []
        for commit in found {
            let entity = call.entities.commit(commit, of: project)
            guard withStats else {
                rendered.append(entity)
                continue
            }
            rendered.append(entity.adding(["stats": GitLabEntities.stats(try await stats(of: commit, in: git))]))
        }
        return .gitLab(paging.uncounted(rendered, link: call.link(form))) { $0 }
    }

    /// By SHA, whole or cut, or by a branch's or tag's name.
    func commit(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let withStats = form.flag("stats", default: true)
        try form.validate()
        let (project, git) = try call.code()
        guard let id = try await commitID(call.path["sha"], of: project), let commit = try await git.commit(id) else {
            throw GitLabRefusal.notFound("Commit")
        }
        let stats = withStats ? try await stats(of: commit, in: git) : nil
        return .gitLab(call.entities.commitDetail(commit, stats: stats, of: project))
    }

    func stats(of commit: GitCommit, in git: GitRepository) async throws -> (additions: Int, deletions: Int) {
        let files = try await git.changedFiles(of: commit)
        return (files.map(\.added).reduce(0, +), files.map(\.deleted).reduce(0, +))
    }

    /// The commit that a ref names; nothing and `HEAD` mean the default branch.
    func commitID(_ ref: String, of project: SandboxRepository) async throws -> String? {
        if ref.isEmpty || ref == "HEAD" { return try await defaultBranch(of: project)?.objectID }
        return try await backend.git(project).commitID(ref)
    }
}
