// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitee {
    /// The branch is looked up first, for a write to a tag or a SHA could make a branch of that name. So is a file that
    /// is to be changed; its blob then is Gitee's own lock.
    /// https://gitee.com/api/v5/swagger#/postV5ReposOwnerRepoContentsPath,
    /// https://gitee.com/api/v5/swagger#/putV5ReposOwnerRepoContentsPath and
    /// https://gitee.com/api/v5/swagger#/deleteV5ReposOwnerRepoContentsPath
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        let place = try place(location.repository)
        guard GitName.isPath(location.path) else {
            guard case .create = change.kind else { throw Gitee.notFound(.file) }
            throw ForgeError(.invalidRequest, .gitee, "git forbids this path for a file. Choose another one.")
        }
        let head = try await head(of: location.ref, in: place)
        var draft = WireChange(message: change.message, branch: location.ref)
        let call: Call
        let path = place.path + "/contents/" + PercentEncoding.path(location.path)
        switch change.kind {
        case .create(let bytes):
            draft.content = Data(bytes).base64EncodedString()
            call = try Call(.post, path, expecting: [200, 201]).sending(draft, to: .gitee)
        case .update(let bytes, let expected):
            draft.content = Data(bytes).base64EncodedString()
            draft.sha = try await blob(at: location, head: head, expected: expected, in: place)
            call = try Call(.put, path, expecting: [200, 201]).sending(draft, to: .gitee)
        case .delete(let expected):
            let sha = try await blob(at: location, head: head, expected: expected, in: place)
            draft.sha = sha
            // Gitee's description has the parameters of a DELETE in the query.
            call = Call(
                .delete, path,
                query: [("sha", sha), ("message", change.message), ("branch", location.ref)], expecting: [200, 204])
        }
        do {
            _ = try await session.send(call)
        } catch {
            guard error.isRefusal || error.code == .notFound || error.code == .conflict else { throw error }
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
        else { throw Gitee.notFound(.file) }
        guard [entry.sha.lowercased(), commit].contains(expected.lowercased()) else { throw Gitee.conflict }
        return entry.sha
    }

    /// What stood against a change that Gitee has refused; nil where nothing was left to change.
    private func reason(
        _ refusal: ForgeError, _ change: FileChange, at location: FileLocation, locked sha: String?, in place: Place
    ) async throws(ForgeError) -> ForgeError? {
        let entry = try await entry(at: location.path, ref: location.ref, in: place)
        if case .create = change.kind {
            guard entry != nil else { return refusal }
            return refusal.becoming(
                .alreadyExists, "There is a file at this path already. Update it, or choose another path.")
        }
        guard let entry else { return Gitee.notFound(.file) }
        guard entry.sha == sha else { return Gitee.conflict }
        // Gitee may refuse a commit that changes nothing. The file is as it was asked for.
        if case .update(let bytes, _) = change.kind, GitBlob.isName(entry.sha, of: bytes) { return nil }
        return refusal
    }
}
