// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Lists of many pages. Gitee gives no address of the next one: the header `total_page` says how many there are.
extension Gitee {
    private static let pageSize = 100

    /// All items of a list. Where an old server or a proxy leaves the header out, a page that is not full is the last.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, query: [(name: String, value: String)] = []
    ) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var last: [UInt8] = []
        for number in 1...Session.pageLimit {
            let paging = [(name: "page", value: String(number)), ("per_page", String(Self.pageSize))]
            let response = try await session.send(Call(.get, path, query: query + paging))
            let page = try session.decode([Wire].self, response)
            if page.isEmpty { return items }
            // No two pages are alike: a server that gives one again does not heed the number.
            guard response.body != last else { break }
            last = response.body
            items += page
            if let total = response.header("total_page").flatMap({ Int($0) }) {
                if number >= total { return items }
            } else if page.count < Self.pageSize {
                return items
            }
        }
        throw session.nonsense("an endless list")
    }

    /// A list of what a repository holds: empty where Gitee has an error for it because nothing is in the repository.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, in place: Place
    ) async throws(ForgeError) -> [Wire] {
        do {
            return try await list(of: type, place.path + path)
        } catch {
            guard error.code == .notFound, try await isEmpty(place) else { throw error }
            return []
        }
    }
}
