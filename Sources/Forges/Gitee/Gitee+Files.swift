// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitee {
    /// What stands at a path, as the contents API tells it.
    struct Entry: Decodable {
        /// `file`; what is neither `dir` nor `submodule` is read as one.
        let type: String?
        /// The blob's.
        let sha: String
        let encoding: String?
        let content: String?
    }

    private struct WireBlob: Decodable {
        let encoding: String?
        let content: String
    }

    /// A symbolic link reads as the path that it holds.
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        let place = try place(location.repository)
        guard let entry = try await entry(at: location.path, ref: location.ref, in: place) else {
            throw Gitee.notFound(.file)
        }
        let sha = entry.sha.lowercased()
        guard GitName.isWholeObject(sha) else { throw session.nonsense("a file without its id") }
        if entry.encoding == "base64", let text = entry.content, let bytes = Self.bytes(text),
            GitBlob.isName(sha, of: bytes)
        {
            return FileContent(path: location.path, sha: sha, bytes: bytes)
        }
        // Too large for this call, or something else than the blob: the blob itself is what counts.
        return FileContent(path: location.path, sha: sha, bytes: try await blob(sha, in: place))
    }

    /// nil where there is no file: nothing at all, a directory or a submodule. For what is not there some servers answer
    /// 200 and an empty list. https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoContents(Path)
    func entry(at path: String, ref: String, in place: Place) async throws(ForgeError) -> Entry? {
        guard GitName.isPath(path), GitName.isRef(ref) else { return nil }
        let call = Call(.get, place.path + "/contents/" + PercentEncoding.path(path), query: [("ref", ref)])
        guard let answer = try await find(call) else { return nil }
        if answer.body.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") {
            // A directory; one that is cut off is none.
            _ = try session.decode([WireName].self, answer)
            return nil
        }
        let entry = try session.decode(Entry.self, answer)
        return ["dir", "submodule", "tree", "commit"].contains(entry.type ?? "file") ? nil : entry
    }

    private struct WireName: Decodable {
        let path: String
    }

    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoGitBlobsSha
    private func blob(_ sha: String, in place: Place) async throws(ForgeError) -> [UInt8] {
        // A submodule that is shown as a file has a commit's id, and no blob.
        guard let answer = try await find(Call(.get, place.path + "/git/blobs/" + sha)) else {
            throw Gitee.notFound(.file)
        }
        let wire = try session.decode(WireBlob.self, answer)
        guard let bytes = wire.encoding == "base64" ? Self.bytes(wire.content) : Array(wire.content.utf8),
            GitBlob.isName(sha, of: bytes)
        else { throw session.nonsense("bytes that are not the file's", status: answer.status) }
        return bytes
    }

    private static func bytes(_ base64: String) -> [UInt8]? {
        Data(base64Encoded: base64.filter { !$0.isWhitespace }).map { Array($0) }
    }
}
