// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension GitHub {
    /// What stands at a path, as the contents API tells it.
    struct Entry: Decodable, Sendable {
        /// `file`, `dir`, `symlink` or `submodule`.
        let type: String
        /// The blob's; nil where GitHub would not say.
        let sha: String?
        let size: Int?
        /// `base64`; `none` for a file over 1 MB.
        let encoding: String?
        let content: String?
        /// Where a symbolic link leads.
        let target: String?

        /// A file too large for GitHub to say more about it.
        static let large = Entry(type: "file", sha: nil, size: nil, encoding: "none", content: nil, target: nil)
    }

    /// The largest file that the API gives.
    private static let limit = 100 << 20

    /// A symbolic link reads as GitHub gives it: the content of the file in the repository that it leads to; otherwise, when it leads
    /// elsewhere, the path that it holds.
    /// https://docs.github.com/en/rest/repos/contents#get-repository-content
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        let place = try place(location.repository)
        guard let entry = try await entry(at: location.path, ref: location.ref, in: place) else {
            throw ForgeError(.notFound, .github, Self.missing(location, in: place))
        }
        return try await content(of: entry, at: location, in: place)
    }

    /// nil where there is no file: nothing at all, a directory or a submodule.
    func entry(at path: String, ref: String, in place: Place) async throws(ForgeError) -> Entry? {
        guard GitName.isPath(path), GitName.isRef(ref) else { return nil }
        let response = try await session.send(
            contents(path, ref, in: place, as: "object", expecting: [200, 403, 404, 409]))
        switch response.status {
        case 200: break
        case 403 where answer(response).saysTooLarge: return .large
        case 409 where answer(response).saysEmptyRepository: return nil
        default:
            let error = session.explain(response)
            if error.code == .notFound { return nil }
            throw error
        }
        // A directory is an object with `entries` in this media type, and an array where the server does not know it.
        if response.body.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") { return nil }
        let entry = try session.decode(Entry.self, response)
        switch entry.type {
        case "file", "symlink": return entry
        case "dir", "submodule": return nil
        default: throw session.nonsense("with a kind of file that is not documented", status: 200)
        }
    }

    /// The bytes, checked against the blob's name.
    func content(of entry: Entry, at location: FileLocation, in place: Place) async throws(ForgeError) -> FileContent {
        guard entry.size ?? 0 <= Self.limit else { throw tooLarge(location) }
        if let sha = entry.sha {
            if let bytes = try inline(entry), GitBlob.isName(sha, of: bytes) {
                return FileContent(path: location.path, sha: sha, bytes: bytes)
            }
            // Over 1 MB, or the content of something else than this blob: the blob itself is what counts.
            let bytes = try await blob(sha, location, in: place)
            guard GitBlob.isName(sha, of: bytes) else {
                throw session.nonsense("with bytes that are not the file's", status: 200)
            }
            return FileContent(path: location.path, sha: sha, bytes: bytes)
        }
        let bytes = try await raw(contents(location.path, location.ref, in: place, as: "raw"), location, in: place)
        return FileContent(path: location.path, sha: GitBlob.sha1(of: bytes), bytes: bytes)
    }

    static func missing(_ location: FileLocation, in place: Place) -> String {
        place.missing("file \(Quotation.of(location.path)) at \(Quotation.of(location.ref))")
    }

    private func contents(
        _ path: String, _ ref: String, in place: Place, as form: String, expecting expected: Set<Int> = [200]
    ) -> Call {
        Call(
            .get, place.path + "/contents/" + PercentEncoding.path(path), query: [("ref", ref)],
            headers: [Upstream.Header("Accept", "application/vnd.github.\(form)+json")], expecting: expected)
    }

    /// nil where the answer does not hold the bytes. GitHub breaks base64 into lines of 60 characters.
    private func inline(_ entry: Entry) throws(ForgeError) -> [UInt8]? {
        if entry.type == "symlink" { return entry.target.map { Array($0.utf8) } }
        guard entry.encoding == "base64", let content = entry.content else { return nil }
        guard let data = Data(base64Encoded: content.filter { !$0.isWhitespace }) else {
            throw session.nonsense("with content that is not base64", status: 200)
        }
        return [UInt8](data)
    }

    /// https://docs.github.com/en/rest/git/blobs#get-a-blob
    private func blob(_ sha: String, _ location: FileLocation, in place: Place) async throws(ForgeError) -> [UInt8] {
        guard GitName.isWholeObject(sha) else { throw session.nonsense("with a blob's name that is none", status: 200) }
        let call = Call(
            .get, place.path + "/git/blobs/" + sha,
            headers: [Upstream.Header("Accept", "application/vnd.github.raw+json")])
        return try await raw(call, location, in: place)
    }

    private func raw(_ call: Call, _ location: FileLocation, in place: Place) async throws(ForgeError) -> [UInt8] {
        var call = call
        call.expected = [200, 403]
        let response = try await send(call, missing: Self.missing(location, in: place))
        guard response.status == 200 else {
            throw answer(response).saysTooLarge ? tooLarge(location) : session.explain(response)
        }
        return response.body
    }

    private func tooLarge(_ location: FileLocation) -> ForgeError {
        ForgeError(
            .unsupported, .github,
            "\(Quotation.of(location.path)) is over 100 MB, more than GitHub's API gives. Clone the repository to read it."
        )
    }
}
