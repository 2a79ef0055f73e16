// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension CodeArts {
    /// https://support.huaweicloud.com/api-codeartsrepo/ListTrees.html
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        guard GitName.isRef(ref) else { throw CodeArts.notFound(.ref) }
        let path = try await path(of: repository)
        let entries: [WireEntry]
        do throws(ForgeError) {
            entries = try await list(
                of: WireEntry.self, path + "/repository/trees", [("ref", ref), ("recursive", "true")])
        } catch {
            return try await emptyList(after: error, in: path, orElse: .ref)
        }
        // There may be an empty list for an unknown ref.
        if entries.isEmpty, try await commit(ref, in: path) == nil, try await !isEmpty(path) {
            throw CodeArts.notFound(.ref)
        }
        // A directory is a `tree`, a submodule a `commit`.
        return entries.filter { $0.type == "blob" }.map(\.path)
    }

    private struct WireEntry: Decodable {
        let type: String
        let path: String
    }

    /// Where the answer has not the whole file, or in a form that is not described, the bytes are asked for as they are.
    /// Either way they must be those of the blob that the answer names.
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowFile.html
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        guard GitName.isPath(location.path) else { throw CodeArts.notFound(.file) }
        guard GitName.isRef(location.ref) else { throw CodeArts.notFound(.ref) }
        let path = try await path(of: location.repository)
        guard let wire = try await wireFile(at: location, in: path) else { throw CodeArts.notFound(.file) }
        let sha = wire.blob_id.lowercased()
        guard GitName.isWholeObject(sha) else { throw session.nonsense("a file without its id") }
        if let bytes = wire.bytes, GitBlob.isName(sha, of: bytes) {
            return FileContent(path: location.path, sha: sha, bytes: bytes)
        }
        let bytes = try await rawFile(at: location, in: path)
        guard GitBlob.isName(sha, of: bytes) else {
            // A submodule has the id of a commit, and no bytes.
            if bytes.isEmpty { throw CodeArts.notFound(.file) }
            throw session.nonsense("a file that is not the one it names")
        }
        return FileContent(path: location.path, sha: sha, bytes: bytes)
    }

    struct WireFile: Decodable {
        let encoding: String?
        let content: String?
        let blob_id: String
        /// The commit that changed the file last.
        let last_commit_id: String?

        var bytes: [UInt8]? {
            guard encoding?.lowercased() == "base64", let content else { return nil }
            return Data(base64Encoded: content, options: .ignoreUnknownCharacters).map { Array($0) }
        }
    }

    /// nil where there is no such file, or no such ref.
    func wireFile(at location: FileLocation, in repository: String) async throws(ForgeError) -> WireFile? {
        try await find(WireFile.self, Call(.get, repository + "/repository/file", query: CodeArts.query(location)))
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowFileRaw.html
    private func rawFile(at location: FileLocation, in repository: String) async throws(ForgeError) -> [UInt8] {
        let call = Call(.get, repository + "/repository/files/raw", query: CodeArts.query(location))
        do {
            return try await session.send(call).body
        } catch {
            throw error.saying(CodeArts.notFound(.file).message, of: .notFound)
        }
    }

    private static func query(_ location: FileLocation) -> [(name: String, value: String)] {
        [("file_path", location.path), ("ref", location.ref)]
    }
}
