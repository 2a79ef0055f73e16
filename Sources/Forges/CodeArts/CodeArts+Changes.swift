// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension CodeArts {
    /// What must be so before a change is looked up first: that the ref is a branch, and what the file is. Only the call
    /// for updating has a lock, `last_commit_id`; and whether the one for creating writes over a file is not described.
    /// https://support.huaweicloud.com/api-codeartsrepo/CreateFile.html
    /// https://support.huaweicloud.com/api-codeartsrepo/UpdateFile.html
    /// https://support.huaweicloud.com/api-codeartsrepo/DeleteFile.html
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        guard GitName.isPath(location.path) else {
            guard case .create = change.kind else { throw CodeArts.notFound(.file) }
            throw ForgeError(.invalidRequest, .devcloud, "git forbids this path for a file. Choose another one.")
        }
        let repository = try await path(of: location.repository)
        let tip = try await tip(ofBranch: location.ref, in: repository)
        let file = tip == nil ? nil : try await wireFile(at: location, in: repository)
        let call: Call
        switch change.kind {
        case .create(let bytes):
            guard file == nil else { throw CodeArts.fileExists }
            if tip != nil { try await requireNoFile(above: location, at: .devcloud) }
            let draft = WireDraft(location, change.message, bytes)
            call = try CodeArts.call(.post, repository + "/repository/files", sending: draft, expecting: [200, 201])
        case .update(let bytes, let expected):
            var draft = WireDraft(location, change.message, bytes)
            draft.last_commit_id = try expect(expected, of: file, at: tip).last_commit_id
            call = try CodeArts.call(
                .put, repository + "/repository/file", query: [("file_path", location.path)], sending: draft,
                expecting: [200])
        case .delete(let expected):
            _ = try expect(expected, of: file, at: tip)
            call = Call(
                .delete, repository + "/repository/file",
                query: [
                    ("file_path", location.path), ("branch", location.ref), ("commit_message", change.message),
                ], expecting: [200, 204])
        }
        try await write(call, change, at: location, seen: file, in: repository)
    }

    private struct WireDraft: Encodable {
        let file_path: String
        let branch: String
        let commit_message: String
        let content: String
        let encoding: String
        var last_commit_id: String?

        init(_ location: FileLocation, _ message: String, _ bytes: [UInt8]) {
            file_path = location.path
            branch = location.ref
            commit_message = message
            content = Data(bytes).base64EncodedString()
            encoding = "base64"
        }
    }

    /// The file, if it is as the caller expects it: by its blob, or by the branch's latest commit.
    private func expect(
        _ expected: String, of file: WireFile?, at tip: String?
    ) throws(ForgeError) -> WireFile {
        guard let file else { throw CodeArts.notFound(.file) }
        guard [file.blob_id.lowercased(), tip].contains(expected.lowercased()) else { throw CodeArts.conflict }
        return file
    }

    /// Sends a change. What stood against it is asked for afterwards.
    private func write(
        _ call: Call, _ change: FileChange, at location: FileLocation, seen: WireFile?, in repository: String
    ) async throws(ForgeError) {
        do throws(ForgeError) {
            let answer = try await session.send(call)
            guard !Refusal(answer).isPage else { throw CodeArts.explain(answer) }
        } catch {
            guard [.invalidRequest, .conflict, .notFound].contains(error.code), error.upstreamStatus != nil else {
                throw error
            }
            let file = try await wireFile(at: location, in: repository)
            // What changes nothing may be refused. The file is as it was asked for.
            if case .update(let bytes, _) = change.kind, let file, GitBlob.isName(file.blob_id, of: bytes) { return }
            guard file?.blob_id == seen?.blob_id, file?.last_commit_id == seen?.last_commit_id else {
                let reason = seen == nil ? CodeArts.fileExists : CodeArts.conflict
                throw error.becoming(reason.code, reason.message)
            }
            throw error
        }
    }
}
