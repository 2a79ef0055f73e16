// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Bitbucket {
    /// How deep one listing goes. Bitbucket has no unlimited one, and answers 555 where it would take too long.
    private static let listingDepth = 20

    /// What stands at a path of a commit, as Bitbucket tells with `format=meta` and in listings.
    struct WireEntry: Decodable {
        /// `commit_file` or `commit_directory`.
        let type: String
        let path: String
        let size: Int?
        /// Of `link`, `executable`, `subrepository` and `binary`.
        let attributes: [String]?

        /// A symbolic link is a file, too: its content is where it leads. A submodule is none.
        var isFile: Bool { type == "commit_file" && attributes?.contains("subrepository") != true }
        var isDirectory: Bool { type == "commit_directory" }
    }

    /// All depths: what lies below the deepest directories of a listing is listed again from there.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/#api-repositories-workspace-repo-slug-src-commit-path-get
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        let path = try path(of: repository)
        guard let commit = try await commit(of: ref, in: path) else { return [] }
        var files: [String] = []
        var depth = Self.listingDepth
        var open: [String] = [""]
        var next = 0
        while next < open.count {
            let directory = open[next]
            guard let entries = try await entries(below: directory, depth, of: commit, in: path) else {
                guard depth > 1 else {
                    throw ForgeError(
                        .unavailable, .bitbucket,
                        "Bitbucket did not list the files in time. Try again later, or clone the repository.",
                        upstreamStatus: 555)
                }
                depth = depth > 4 ? 4 : 1
                continue
            }
            files += entries.filter(\.isFile).map(\.path)
            let deepest = Self.parts(directory) + depth
            open += entries.filter { $0.isDirectory && Self.parts($0.path) == deepest }.map(\.path)
            next += 1
        }
        return files
    }

    private static func parts(_ path: String) -> Int {
        path.split(separator: "/").count
    }

    /// A directory's content down to a depth; nil where Bitbucket gave up. The slash at the end is demanded for the root.
    private func entries(
        below directory: String, _ depth: Int, of commit: String, in path: String
    ) async throws(ForgeError) -> [WireEntry]? {
        let source = path + "/src/" + commit + "/" + (directory.isEmpty ? "" : PercentEncoding.path(directory) + "/")
        do {
            return try await list(
                of: WireEntry.self,
                Call(.get, source, query: [("max_depth", String(depth)), Self.pageLength]))
        } catch {
            guard error.upstreamStatus == 555 else { throw error }
            return nil
        }
    }

    /// Raw bytes, with no word about their blob: its SHA is computed. Whether it is a file at all, is asked for before.
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        guard GitName.isPath(location.path) else { throw Self.notFound(.file) }
        let path = try path(of: location.repository)
        guard let commit = try await commit(of: location.ref, in: path),
            let entry = try await entry(at: location.path, of: commit, in: path), entry.isFile
        else { throw Self.notFound(.file) }
        let bytes = try await bytes(of: entry, at: location.path, of: commit, in: path)
        return FileContent(path: location.path, sha: GitBlob.sha1(of: bytes), bytes: bytes)
    }

    /// nil where nothing stands at the path.
    func entry(at file: String, of commit: String, in path: String) async throws(ForgeError) -> WireEntry? {
        let call = Call(
            .get, path + "/src/" + commit + "/" + PercentEncoding.path(file), query: [("format", "meta")])
        guard let answer = try await find(call) else { return nil }
        return try session.decode(WireEntry.self, answer)
    }

    /// A file's content. Whatever stands between may answer 200 with a page of its own, or be cut off: the size has to be right.
    func bytes(
        of entry: WireEntry, at file: String, of commit: String, in path: String
    ) async throws(ForgeError) -> [UInt8] {
        let call = Call(
            .get, path + "/src/" + commit + "/" + PercentEncoding.path(file),
            headers: [Upstream.Header("Accept", "*/*")])
        let answer = try await session.send(call)
        guard answer.body.count == entry.size else {
            throw session.nonsense("other bytes than the file has", status: answer.status)
        }
        return answer.body
    }
}
