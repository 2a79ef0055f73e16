// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension GitLab {
    /// One commit of one action. `DELETE …/repository/files` has no lock against changes in between, and GitLab
    /// ignores a `last_commit_id` sent with it; a commit's actions have one for updates and for deletions.
    ///
    /// GitLab answers 400 with a free text for whatever stands against a commit: what it was, is asked for afterwards.
    /// https://docs.gitlab.com/api/commits/#create-a-commit
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        guard GitName.isPath(location.path) else {
            guard case .create = change.kind else { throw GitLab.notFound(.file) }
            throw ForgeError(.invalidRequest, .gitlab, "git forbids this path for a file. Choose another one.")
        }
        let project = try await path(of: location.repository)
        var action: WireAction
        switch change.kind {
        case .create(let bytes):
            action = WireAction("create", location.path, bytes)
        case .update(let bytes, let expected):
            action = WireAction("update", location.path, bytes)
            action.last_commit_id = try await lock(location, expected, in: project)
        case .delete(let expected):
            action = WireAction("delete", location.path)
            action.last_commit_id = try await lock(location, expected, in: project)
        }
        let commit = WireCommitDraft(branch: location.ref, commit_message: change.message, actions: [action])
        do {
            // 201, though GitLab's description has 200.
            let call = try GitLab.call(
                .post, project + "/repository/commits", sending: commit, expecting: [200, 201])
            _ = try session.decode(WireCommitMade.self, try await session.send(call))
        } catch {
            guard [.invalidRequest, .alreadyExists, .conflict].contains(error.code), error.upstreamStatus != nil else {
                throw error
            }
            var reason = try await reason(error, change, at: location, locked: action.last_commit_id, in: project)
            reason?.upstreamStatus = error.upstreamStatus
            reason?.upstreamRequestID = error.upstreamRequestID
            if let reason { throw reason }
        }
    }

    private struct WireCommitDraft: Encodable {
        let branch: String
        let commit_message: String
        let actions: [WireAction]
    }

    private struct WireAction: Encodable {
        let action: String
        let file_path: String
        let content: String?
        let encoding: String?
        var last_commit_id: String?

        init(_ action: String, _ path: String, _ bytes: [UInt8]? = nil) {
            self.action = action
            file_path = path
            content = bytes.map { Data($0).base64EncodedString() }
            encoding = bytes == nil ? nil : "base64"
        }
    }

    private struct WireCommitMade: Decodable {
        let id: String
    }

    /// The lock under which a file may be changed that the caller expects to be as it was: the last commit that changed
    /// it. https://docs.gitlab.com/api/repository_files/#retrieve-file-metadata-from-a-repository
    private func lock(
        _ location: FileLocation, _ expected: String, in project: String
    ) async throws(ForgeError) -> String {
        guard let version = try await version(of: location, in: project) else {
            try await requireBranch(location.ref, in: project)
            throw GitLab.notFound(.file)
        }
        guard [version.blob, version.commit].contains(expected.lowercased()) else {
            try await requireBranch(location.ref, in: project)
            throw GitLab.conflict
        }
        return version.lastCommit
    }

    private struct FileVersion {
        let blob: String
        /// The commit that the ref is at.
        let commit: String
        /// The last commit that changed the file.
        let lastCommit: String
    }

    private func version(of location: FileLocation, in project: String) async throws(ForgeError) -> FileVersion? {
        guard !location.ref.isEmpty else { throw GitLab.notFound(.branch) }
        let file = project + "/repository/files/" + (try GitLab.segment(location.path, of: .file))
        guard let answer = try await find(Call(.head, file, query: [("ref", location.ref)])) else { return nil }
        let facts = ["X-Gitlab-Blob-Id", "X-Gitlab-Commit-Id", "X-Gitlab-Last-Commit-Id"].compactMap {
            answer.header($0).map { $0.lowercased() }
        }
        guard facts.count == 3, facts.allSatisfy(GitName.isWholeObject) else {
            throw session.nonsense("a file without its facts", status: answer.status)
        }
        return FileVersion(blob: facts[0], commit: facts[1], lastCommit: facts[2])
    }

    /// What stood against a change that GitLab has refused; nil where nothing was left to change.
    private func reason(
        _ refusal: ForgeError, _ change: FileChange, at location: FileLocation, locked lastCommit: String?,
        in project: String
    ) async throws(ForgeError) -> ForgeError? {
        try await requireBranch(location.ref, in: project)
        let version = try await version(of: location, in: project)
        if case .create = change.kind { return version == nil ? refusal : GitLab.fileExists }
        guard let version else { return GitLab.notFound(.file) }
        guard version.lastCommit == lastCommit else { return GitLab.conflict }
        // GitLab may refuse a commit that changes nothing. The file is as it was asked for.
        if case .update(let bytes, _) = change.kind, GitBlob.isName(version.blob, of: bytes) { return nil }
        return refusal
    }
}
