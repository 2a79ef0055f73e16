// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What all verbs need to make their calls.
extension BitbucketServer {
    /// A repository's place in the API.
    struct Place: Sendable {
        /// A project's key, or `~slug` for a user's own project.
        let key: String
        let slug: String

        /// Holds nothing that would need encoding.
        var path: String { "/projects/\(key)/repos/\(slug)" }
    }

    /// The repository that a caller named by its slug in a project, or by both parts.
    func place(_ repository: RepositoryReference) throws(ForgeError) -> Place {
        let parts =
            repository.project.contains("/")
            ? repository.project.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            : [repository.namespace, repository.project]
        guard parts.count == 2, Self.isKey(parts[0]), Self.isName(parts[1]) else { throw Self.notFound(.repository) }
        return Place(key: parts[0], slug: parts[1])
    }

    /// The address of a project's resources.
    static func path(ofProject key: String) throws(ForgeError) -> String {
        guard isKey(key) else { throw notFound(.namespace) }
        return "/projects/" + key
    }

    /// Whether the text may be a project's key, or a user's slug after `~`.
    static func isKey(_ text: String) -> Bool {
        isName(text.hasPrefix("~") ? String(text.dropFirst()) : text)
    }

    /// Whether the text may be a slug or a key: 1 to 255 ASCII letters, digits, `.`, `_` and `-`.
    static func isName(_ text: String) -> Bool {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return plain && (1...255).contains(text.utf8.count) && text != "." && text != ".."
    }

    /// One segment of a path. Throws ForgeError/Code/notFound for what no address can name.
    static func segment(_ text: String, of missing: Missing) throws(ForgeError) -> String {
        guard !["", ".", ".."].contains(text) else { throw notFound(missing) }
        return PercentEncoding.segment(text)
    }
}

extension BitbucketServer {
    /// One page of a list.
    /// https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/ (paged APIs)
    private struct WirePage<Item: Decodable>: Decodable {
        let values: [Item]
        let isLastPage: Bool?
        let nextPageStart: Int?
    }

    /// All items of a list. The next page begins where this one says, which need not be as many items later as were given.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, query: [(name: String, value: String)] = [],
        limit: Int = 1000
    ) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var start = 0
        for _ in 0..<Session.pageLimit {
            let call = Call(.get, path, query: query + [("start", String(start)), ("limit", String(limit))])
            let page = try await session.value(WirePage<Wire>.self, call)
            items += page.values
            if page.isLastPage ?? true { return items }
            guard let next = page.nextPageStart, next > start else { break }
            start = next
        }
        throw session.nonsense("an endless list")
    }

    /// The first items of a list.
    func first<Wire: Decodable>(
        _ count: Int, of type: Wire.Type = Wire.self, _ path: String, query: [(name: String, value: String)] = []
    ) async throws(ForgeError) -> [Wire] {
        let call = Call(.get, path, query: query + [("limit", String(count))])
        return Array(try await session.value(WirePage<Wire>.self, call).values.prefix(count))
    }

    /// The answer of a call, or nil where Bitbucket has nothing there.
    func find(_ call: Call) async throws(ForgeError) -> Upstream.Response? {
        do {
            return try await session.send(call)
        } catch {
            // A web page's 404 is no evidence: it has another code.
            guard error.code == .notFound, error.upstreamStatus == 404 else { throw error }
            return nil
        }
    }

    /// Whether a repository has no branch.
    func isEmpty(_ place: Place) async throws(ForgeError) -> Bool {
        try await first(1, of: WireRef.self, place.path + "/branches").isEmpty
    }

    /// A list for which Bitbucket has an error: empty where it answers 404 because the repository is empty.
    func emptyList<Item>(after error: ForgeError, in place: Place) async throws(ForgeError) -> [Item] {
        guard error.code == .notFound, error.upstreamStatus == 404, try await isEmpty(place) else { throw error }
        return []
    }
}
