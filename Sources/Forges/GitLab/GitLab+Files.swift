// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension GitLab {
    /// https://docs.gitlab.com/api/repositories/#list-repository-tree
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        guard !ref.isEmpty else { throw GitLab.notFound(.ref) }
        let project = try await path(of: repository)
        let call = Call(
            .get, project + "/repository/tree",
            query: [("ref", ref), ("recursive", "true"), ("pagination", "keyset"), GitLab.pageSize])
        do {
            // A directory is a `tree`, a submodule a `commit`.
            return try await session.list(of: WireEntry.self, call).filter { $0.type == "blob" }.map(\.path)
        } catch {
            return try await emptyList(after: error, in: project, orElse: .ref)
        }
    }

    private struct WireEntry: Decodable {
        let type: String
        let path: String
    }

    /// https://docs.gitlab.com/api/repository_files/#retrieve-a-file-from-a-repository
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        guard GitName.isPath(location.path) else { throw GitLab.notFound(.file) }
        guard !location.ref.isEmpty else { throw GitLab.notFound(.ref) }
        let path = try await path(ofFile: location)
        let answer = try await session.send(
            Call(.get, path, query: [("ref", location.ref)], expecting: [200, 429]))
        if answer.status == 429 {
            guard GitLab.Refusal(answer).isLargeBlob else { throw GitLab.explain(answer) }
            return try await rawFile(path, at: location)
        }
        let wire = try session.decode(WireFile.self, answer)
        guard wire.encoding == "base64", let bytes = Data(base64Encoded: wire.content) else {
            throw session.nonsense("a file that is not in base64", status: answer.status)
        }
        return try content(of: location, sha: wire.blob_id, Array(bytes))
    }

    private struct WireFile: Decodable {
        let encoding: String
        let content: String
        let blob_id: String
    }

    /// The way for blobs over 10 MB, which GitLab does not throttle: bytes, with the facts in headers.
    /// https://docs.gitlab.com/api/repository_files/#retrieve-a-raw-file-from-a-repository
    private func rawFile(_ path: String, at location: FileLocation) async throws(ForgeError) -> FileContent {
        let answer = try await session.send(Call(.get, path + "/raw", query: [("ref", location.ref)]))
        // Without the header it is not GitLab that answers.
        guard let sha = answer.header("X-Gitlab-Blob-Id") else {
            throw session.nonsense("a file without its facts", status: answer.status)
        }
        return try content(of: location, sha: sha, answer.body)
    }

    /// GitLab shows a submodule as an empty file, with the id of its commit: an empty file's own id never changes.
    private func content(of location: FileLocation, sha: String, _ bytes: [UInt8]) throws(ForgeError) -> FileContent {
        let sha = sha.lowercased()
        guard GitName.isWholeObject(sha) else { throw session.nonsense("a file without its id") }
        if bytes.isEmpty, !GitBlob.isName(sha, of: []) { throw GitLab.notFound(.file) }
        return FileContent(path: location.path, sha: sha, bytes: bytes)
    }

    private func path(ofFile location: FileLocation) async throws(ForgeError) -> String {
        let file = try GitLab.segment(location.path, of: .file)
        return try await path(of: location.repository) + "/repository/files/" + file
    }
}
