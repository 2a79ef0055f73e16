// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Lists of many pages. `X-Total-Count` says how many items there are; the header `Link` is not on every list (not on
/// that of tags), and is built from the server's configured address, which need not be the one that it is asked at.
/// https://docs.gitea.com/development/api-usage#pagination
extension Gitea {
    /// Gitea's largest page by default. A server may be set to a smaller one: so no page is known to be full.
    private static let pageSize = 50

    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, query: [(name: String, value: String)] = []
    ) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var last: [UInt8] = []
        for number in 1...Session.pageLimit {
            let paging = [(name: "page", value: String(number)), ("limit", String(Self.pageSize))]
            let response = try await session.send(Call(.get, path, query: query + paging))
            let page = try session.decode([Wire].self, response)
            if page.isEmpty { return items }
            // No two pages are alike: a server that gives one again does not heed the number.
            guard response.body != last else { break }
            last = response.body
            items += page
            if let total = response.header("X-Total-Count").flatMap({ Int($0) }), items.count >= total { return items }
        }
        throw session.nonsense("an endless list")
    }

    /// A list of what a repository holds: empty where Gitea has an error for it because nothing is in the repository.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, in place: Place
    ) async throws(ForgeError) -> [Wire] {
        do {
            return try await list(of: type, place.path + path)
        } catch {
            guard [.notFound, .conflict].contains(error.code), try await isEmpty(place) else { throw error }
            return []
        }
    }
}
