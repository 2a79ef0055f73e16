// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitea {
    /// The branch is looked up first, for what Gitea answers of a tag does not tell it from an unknown branch. So is a
    /// file that is to be changed; its blob then is Gitea's own lock.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoCreateFile,
    /// https://docs.gitea.com/api/#tag/repository/operation/repoUpdateFile and
    /// https://docs.gitea.com/api/#tag/repository/operation/repoDeleteFile
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        let place = try place(location.repository)
        guard GitName.isPath(location.path) else {
            guard case .create = change.kind else { throw Gitea.notFound(.file) }
            throw ForgeError(.invalidRequest, .gitea, "git forbids this path for a file. Choose another one.")
        }
        let head = try await head(of: location.ref, in: place)
        var draft = WireChange(message: change.message, branch: location.ref)
        var method = Upstream.Method.delete
        switch change.kind {
        case .create(let bytes):
            method = .post
            draft.content = Data(bytes).base64EncodedString()
        case .update(let bytes, let expected):
            method = .put
            draft.content = Data(bytes).base64EncodedString()
            draft.sha = try await blob(at: location, head: head, expected: expected, in: place)
        case .delete(let expected):
            draft.sha = try await blob(at: location, head: head, expected: expected, in: place)
        }
        do {
            let path = place.path + "/contents/" + PercentEncoding.path(location.path)
            let call = try Call(method, path, expecting: [200, 201, 204]).sending(draft, to: .gitea)
            _ = try await session.send(call)
        } catch {
            guard error.upstreamStatus != nil,
                [.invalidRequest, .alreadyExists, .notFound, .conflict].contains(error.code)
            else { throw error }
            if let reason = try await reason(error, change, at: location, locked: draft.sha, in: place) { throw reason }
        }
    }

    private struct WireChange: Encodable {
        let message: String
        let branch: String
        /// base64; absent when deleting.
        var content: String?
        /// The blob that is replaced; absent when creating.
        var sha: String?
    }

    /// The blob that is to be replaced, if it is what the caller expects: itself, or the file at the branch's latest commit.
    private func blob(
        at location: FileLocation, head: Head, expected: String, in place: Place
    ) async throws(ForgeError) -> String {
        guard case .commit(let commit) = head,
            let entry = try await entry(at: location.path, ref: commit, in: place)
        else { throw Gitea.notFound(.file) }
        guard [entry.sha.lowercased(), commit].contains(expected.lowercased()) else { throw Gitea.conflict }
        return entry.sha
    }

    /// What stood against a change that Gitea has refused; nil where nothing was left to change.
    private func reason(
        _ refusal: ForgeError, _ change: FileChange, at location: FileLocation, locked sha: String?, in place: Place
    ) async throws(ForgeError) -> ForgeError? {
        let entry = try await entry(at: location.path, ref: location.ref, in: place)
        if case .create = change.kind {
            guard entry != nil else { return refusal }
            return refusal.becoming(
                .alreadyExists, "There is a file at this path already. Update it, or choose another path.")
        }
        guard let entry else { return Gitea.notFound(.file) }
        guard entry.sha == sha else { return Gitea.conflict }
        if case .update(let bytes, _) = change.kind, GitBlob.isName(entry.sha, of: bytes) { return nil }
        return refusal
    }
}
