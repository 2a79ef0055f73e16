// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// One form for one file. A file is made without `sourceCommitId`, and changed with the commit at which it was seen:
    /// Bitbucket refuses the change where the file, not merely the branch, is another by then.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-browse-path-put
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        let place = try place(location.repository)
        guard GitName.isPath(location.path) else {
            guard case .create = change.kind else { throw Self.notFound(.file) }
            throw ForgeError(.invalidRequest, .bitbucket, "git forbids this path for a file. Choose another one.")
        }
        let tip = try await tip(of: location.ref, in: place)
        switch change.kind {
        case .create(let bytes):
            if tip != nil { try await requireNoFile(above: location, at: .bitbucket) }
            try await put(bytes, change.message, at: location, in: place, seenAt: nil)
        case .update(let bytes, let expected):
            guard let tip else { throw Self.notFound(.file) }
            try await require(expected, of: location.path, in: place, at: tip)
            try await put(bytes, change.message, at: location, in: place, seenAt: tip)
        case .delete(let expected):
            guard let tip else { throw Self.notFound(.file) }
            try await require(expected, of: location.path, in: place, at: tip)
            // The API has no call that removes a file, and no form that means it.
            try await push(removalOf: location, change.message, in: place, at: tip)
        }
    }

    /// Throws ForgeError/Code/notFound where there is no such file at this commit, ForgeError/Code/conflict where it is
    /// not what the caller expects: neither its blob nor the commit.
    private func require(
        _ expected: String, of path: String, in place: Place, at commit: String
    ) async throws(ForgeError) {
        guard let bytes = try await content(of: path, in: place, at: commit) else { throw Self.notFound(.file) }
        guard expected.lowercased() == commit || GitBlob.isName(expected, of: bytes) else { throw Self.conflict }
    }

    private func put(
        _ bytes: [UInt8], _ message: String, at location: FileLocation, in place: Place, seenAt commit: String?
    ) async throws(ForgeError) {
        var form = Form()
        form.add("branch", text: location.ref)
        form.add("message", text: message)
        if let commit { form.add("sourceCommitId", text: commit) }
        form.add("content", file: bytes)
        let path = place.path + "/browse/" + PercentEncoding.path(location.path)
        let answer = try await session.send(form.call(.put, path, expecting: [200, 201, 409]))
        guard answer.status == 409 else {
            _ = try session.decode(WireCommit.self, answer)
            return
        }
        let refusal = Refusal(answer)
        let error = Self.explain(answer)
        if commit != nil {
            // Bitbucket makes no commit that changes nothing. The file is as it was asked for.
            if refusal.isUnchanged { return }
            throw error
        }
        if refusal.nameIsTaken || refusal.isUnchanged { throw error.becoming(.alreadyExists, Self.fileExists.message) }
        guard error.code == .conflict,
            try await type(of: location.path, in: place, at: "refs/heads/" + location.ref) != nil
        else { throw error }
        throw error.becoming(.alreadyExists, Self.fileExists.message)
    }

    private struct WireCommit: Decodable {
        let id: String
    }
}
