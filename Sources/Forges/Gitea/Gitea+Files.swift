// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitea {
    /// What stands at a path, as the contents API tells it.
    struct Entry: Decodable {
        /// `file`, `dir`, `symlink` or `submodule`.
        let type: String
        /// The blob's.
        let sha: String
        /// `base64`; nothing for a file that is too large for this call.
        let encoding: String?
        let content: String?
        /// Where a symbolic link leads.
        let target: String?
    }

    /// A symbolic link reads as the path that it holds.
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        let place = try place(location.repository)
        guard let entry = try await entry(at: location.path, ref: location.ref, in: place) else {
            throw Gitea.notFound(.file)
        }
        let sha = entry.sha.lowercased()
        guard GitName.isWholeObject(sha) else { throw session.nonsense("a file without its id") }
        if let bytes = Self.inline(entry), GitBlob.isName(sha, of: bytes) {
            return FileContent(path: location.path, sha: sha, bytes: bytes)
        }
        let call = Call(
            .get, place.path + "/raw/" + PercentEncoding.path(location.path), query: [("ref", location.ref)],
            headers: [Upstream.Header("Accept", "*/*")])
        guard let answer = try await find(call) else { throw Gitea.notFound(.file) }
        guard GitBlob.isName(sha, of: answer.body) else {
            throw session.nonsense("bytes that are not the file's", status: answer.status)
        }
        return FileContent(path: location.path, sha: sha, bytes: answer.body)
    }

    /// nil where there is no file: nothing at all, a directory or a submodule.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoGetContents
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
        return ["file", "symlink"].contains(entry.type) ? entry : nil
    }

    private static func inline(_ entry: Entry) -> [UInt8]? {
        if entry.type == "symlink", let target = entry.target { return Array(target.utf8) }
        guard entry.encoding == "base64", let content = entry.content else { return nil }
        return Data(base64Encoded: content.filter { !$0.isWhitespace }).map { Array($0) }
    }
}
