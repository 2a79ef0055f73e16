// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/commits/#create-a-commit-with-multiple-files-and-actions
extension GitLabEmulator {
    func createCommit(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let branch = form.requiredText("branch", blank: false)
        let message = form.requiredText("commit_message", blank: false)
        var request = GitLabCommitRequest(branch: branch, message: message)
        request.startBranch = form.text("start_branch")
        request.startSHA = form.text("start_sha")
        request.authorEmail = form.text("author_email")
        request.authorName = form.text("author_name")
        request.force = form.flag("force", default: false)
        let withStats = form.flag("stats", default: true)
        if form.has("start_branch"), form.has("start_sha") {
            form.complain("start_branch, start_sha are mutually exclusive")
        }
        if !form.has("actions") { form.complain("actions is missing") }
        for item in form.objects("actions") ?? [] {
            if let action = GitLabFileAction(item, complaints: &form) { request.actions.append(action) }
        }
        try form.validate()
        let project = try call.project()
        let user = try call.user
        guard call.state.mayPush(to: branch, of: project, as: user.id), !project.isArchived else {
            throw GitLabRefusal.message(403, "403 Forbidden - You are not allowed to push into this branch")
        }
        let commit = try await perform(request, in: project, by: user, state: call.state, isSingle: false)
        let stats = withStats ? try await stats(of: commit, in: backend.git(project)) : nil
        return .gitLab(call.entities.commitDetail(commit, stats: stats, of: project), status: .created)
    }
}

extension GitLabFileAction {
    /// One of a commit's `actions`; nil where it is refused, with the complaint in the form that holds it.
    fileprivate init?(_ item: JSON, complaints outer: inout GitLabForm) {
        guard case .object(let members) = item else { return nil }
        var form = GitLabForm(Dictionary(members.map { ($0.key, $0.value) }) { $1 })
        let kind = form.choice("action", of: Kind.allCases.map(\.rawValue)).flatMap { Kind(rawValue: $0) }
        if !form.has("action") { form.complain("action is missing") }
        let path = form.requiredText("file_path")
        let encoding = form.choice("encoding", of: ["text", "base64"], default: "text")
        let content = kind == .update ? form.requiredText("content") : form.text("content")
        let previous = kind == .move ? form.requiredText("previous_path") : nil
        let mode = form.flag("execute_filemode")
        if kind == .chmod, mode == nil { form.complain("execute_filemode is missing") }
        let lock = form.text("last_commit_id")
        for complaint in form.complaints { outer.complain("actions[\(complaint.field)]\(complaint.rest)") }
        guard let kind, form.complaints.isEmpty else { return nil }
        self.init(kind: kind, path: path)
        self.previousPath = previous
        self.content = content.map { Self.decode($0, encoding: encoding) }
        self.lastCommitID = lock
        self.isExecutable = mode
    }
}

extension String {
    /// A complaint's first word, the parameter.
    fileprivate var field: Substring { prefix { $0 != " " } }
    fileprivate var rest: Substring { drop { $0 != " " } }
}
