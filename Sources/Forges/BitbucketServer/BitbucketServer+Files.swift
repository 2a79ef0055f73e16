// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// All depths at once, as paths alone.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-files-get
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        guard GitName.isRef(ref) else { throw Self.notFound(.ref) }
        let paths: [String]
        do throws(ForgeError) {
            paths = try await list(of: String.self, place.path + "/files", query: [("at", ref)], limit: 10_000)
        } catch {
            return try await emptyList(after: error, in: place)
        }
        guard paths.contains(Self.submodules) else { return paths }
        return try await withoutSubmodules(paths, of: repository, at: ref)
    }

    /// The page does not say whether submodules are in the list. Those that git knows stand in a file of their own; each
    /// of them that is listed is looked at.
    private func withoutSubmodules(
        _ paths: [String], of repository: RepositoryReference, at ref: String
    ) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        let declared = try await file(
            at: FileLocation(repository: repository, path: Self.submodules, ref: ref))
        let candidates = Self.submodulePaths(in: declared.bytes).intersection(paths)
        var submodules: Set<String> = []
        for path in candidates.sorted() where try await type(of: path, in: place, at: ref) == "SUBMODULE" {
            submodules.insert(path)
        }
        return paths.filter { !submodules.contains($0) }
    }

    private static let submodules = ".gitmodules"

    /// The values of `path` in the file's sections. https://git-scm.com/docs/gitmodules
    private static func submodulePaths(in bytes: [UInt8]) -> Set<String> {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return Set(
            lines.compactMap { line in
                let halves = line.split(separator: "=", maxSplits: 1)
                guard halves.count == 2, halves[0].filter({ !$0.isWhitespace }) == "path" else { return nil }
                var value = halves[1].drop(while: \.isWhitespace)
                while value.last?.isWhitespace == true { value.removeLast() }
                let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
                if isQuoted { value = value.dropFirst().dropLast() }
                return String(value)
            })
    }

    /// `FILE`, `DIRECTORY` or `SUBMODULE`; nil where there is nothing.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-browse-path-get
    func type(of path: String, in place: Place, at revision: String) async throws(ForgeError) -> String? {
        let call = Call(
            .get, place.path + "/browse/" + PercentEncoding.path(path), query: [("at", revision), ("type", "true")])
        guard let answer = try await find(call) else { return nil }
        return try session.decode(WireType.self, answer).type
    }

    private struct WireType: Decodable {
        let type: String
    }

    func file(at location: FileLocation) async throws(ForgeError) -> FileContent {
        let place = try place(location.repository)
        guard GitName.isPath(location.path) else { throw Self.notFound(.file) }
        guard GitName.isRef(location.ref) else { throw Self.notFound(.ref) }
        guard let bytes = try await content(of: location.path, in: place, at: location.ref) else {
            throw Self.notFound(.file)
        }
        // Bitbucket gives no id with a file's bytes.
        return FileContent(path: location.path, sha: GitBlob.sha1(of: bytes), bytes: bytes)
    }

    /// A file's bytes; nil where there is no file at this path. Throws ForgeError/Code/notFound for an unknown revision.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-raw-path-get
    func content(of path: String, in place: Place, at revision: String) async throws(ForgeError) -> [UInt8]? {
        let call = Call(
            .get, place.path + "/raw/" + PercentEncoding.path(path), query: [("at", revision)],
            headers: [Upstream.Header("Accept", "*/*")], expecting: [200, 400, 404])
        let answer = try await session.send(call)
        if answer.status != 200 {
            let error = Self.explain(answer)
            // Of a directory and of a submodule there are no bytes: 400 or 404, as the version is.
            let isAboutPath = [.file, .resource].contains(Refusal(answer).missing)
            guard [.invalidRequest, .notFound].contains(error.code), isAboutPath else { throw error }
            return nil
        }
        // A file has any type: by these headers alone a sign-in page in its place is known.
        guard answer.header("X-AREQUESTID") != nil || answer.header("X-AUSERNAME") != nil else {
            throw session.nonsense("a file without Bitbucket's own headers", status: answer.status)
        }
        return answer.body
    }
}
