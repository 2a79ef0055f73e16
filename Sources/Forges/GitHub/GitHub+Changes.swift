// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension GitHub {
    /// What a branch's name leads to.
    private enum Head {
        case commit(String)
        /// The repository has no branch yet: the first commit makes it.
        case unborn
    }

    private struct WireChange: Encodable {
        let message: String
        let branch: String
        /// base64; absent when deleting.
        var content: String?
        /// The blob that is replaced; absent when creating.
        var sha: String?
    }

    /// The branch is looked up first: GitHub's own answer does not tell an unknown branch from a tag, nor a missing right from
    /// either. So is a file that is to be changed: GitHub would make one that is not there.
    /// https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents and
    /// https://docs.github.com/en/rest/repos/contents#delete-a-file
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        let place = try place(location.repository)
        guard GitName.isPath(location.path) else {
            if case .create = change.kind {
                throw ForgeError(
                    .invalidRequest, .github, "\(Quotation.of(location.path)) cannot be a file's path in git.")
            }
            throw ForgeError(.notFound, .github, Self.missing(location, in: place))
        }
        let head = try await head(of: location.ref, in: place)
        var draft = WireChange(message: change.message, branch: location.ref)
        switch change.kind {
        case .create(let bytes):
            draft.content = Data(bytes).base64EncodedString()
            try await create(draft, at: location, in: place)
        case .update(let bytes, let expected):
            draft.content = Data(bytes).base64EncodedString()
            draft.sha = try await blob(at: location, head: head, expected: expected, in: place)
            try await write(draft, .put, expecting: [200, 201], at: location, in: place)
        case .delete(let expected):
            draft.sha = try await blob(at: location, head: head, expected: expected, in: place)
            try await write(draft, .delete, expecting: [200, 204], at: location, in: place)
        }
    }

    private func create(_ draft: WireChange, at location: FileLocation, in place: Place) async throws(ForgeError) {
        let call = try contents(draft, .put, expecting: [200, 201, 422], at: location, in: place)
        let response = try await write(call, in: place, also: Self.workflowHint(location))
        guard response.status == 422 else { return }
        if answer(response).asksForSHA {
            throw ForgeError(
                .alreadyExists, .github,
                "\(Quotation.of(location.path)) is there already on \(Quotation.of(location.ref)). Update it instead.",
                upstreamStatus: 422)
        }
        throw session.explain(response)
    }

    private func write(
        _ draft: WireChange, _ method: Upstream.Method, expecting expected: Set<Int>, at location: FileLocation,
        in place: Place
    ) async throws(ForgeError) {
        let call = try contents(draft, method, expecting: expected, at: location, in: place)
        _ = try await write(call, in: place, also: Self.workflowHint(location))
    }

    private func contents(
        _ draft: WireChange, _ method: Upstream.Method, expecting expected: Set<Int>, at location: FileLocation,
        in place: Place
    ) throws(ForgeError) -> Call {
        try Call(method, place.path + "/contents/" + PercentEncoding.path(location.path), expecting: expected)
            .sending(draft, to: .github)
    }

    /// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps (workflow)
    private static func workflowHint(_ location: FileLocation) -> String {
        location.path.hasPrefix(".github/workflows/") ? " and, for workflows, the scope workflow" : ""
    }

    /// The latest commit of what must be a branch.
    private func head(of branch: String, in place: Place) async throws(ForgeError) -> Head {
        let missing = place.missing("branch \(Quotation.of(branch))")
        guard GitName.isRef(branch) else { throw ForgeError(.notFound, .github, missing) }
        if let target = try await reference("heads/" + branch, in: place) { return .commit(target.sha) }
        let call = Call(
            .get, place.path + "/commits/" + PercentEncoding.path(branch), expecting: [200, 404, 409, 422])
        let response = try await session.send(call)
        if response.status == 200 {
            throw ForgeError(
                .invalidRequest, .github,
                "\(Quotation.of(branch)) is a tag or a commit, which cannot be written to. Name a branch.")
        }
        if answer(response).saysEmptyRepository { return .unborn }
        let error = session.explain(response)
        throw response.status == 422 ? error.becoming(.notFound, missing) : error.saying(missing, of: .notFound)
    }

    /// The blob that is to be replaced, if it is what the caller expects: itself, or the file at the branch's latest commit.
    private func blob(
        at location: FileLocation, head: Head, expected: String, in place: Place
    ) async throws(ForgeError) -> String {
        guard case .commit(let commit) = head, let entry = try await entry(at: location.path, ref: commit, in: place)
        else { throw ForgeError(.notFound, .github, Self.missing(location, in: place)) }
        let sha: String
        if let known = entry.sha {
            sha = known
        } else {
            let there = FileLocation(repository: location.repository, path: location.path, ref: commit)
            sha = try await content(of: entry, at: there, in: place).sha
        }
        guard [sha.lowercased(), commit.lowercased()].contains(expected.lowercased()) else {
            throw ForgeError(
                .conflict, .github,
                "\(Quotation.of(location.path)) has changed since it was read: sha is neither its own nor that of the latest commit on \(Quotation.of(location.ref)). Read it again, then write."
            )
        }
        return sha
    }
}
