// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension GitHubCall {
    /// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    var page: Page { Page(request.query, defaultSize: 30) }

    /// One page of a list that is known whole.
    func list<Element>(_ all: [Element], _ body: (Element) -> JSON) -> Response {
        .json(.array(page.slice(all).map(body)), headers: pageHeaders(total: all.count))
    }

    /// The `Link` header for a list of so many entries; none where one page holds them all.
    func pageHeaders(total: Int) -> HTTPFields {
        let page = page
        let last = page.count(of: total)
        guard last > 1 || page.number > 1 else { return [:] }
        let address = linkAddress
        var links: [String] = []
        let link = { (number: Int, rel: String) in Page.link(address, request.query, page: number, rel: rel) }
        if page.number > 1 { links.append(link(min(page.number - 1, last), "prev")) }
        if page.number < last { links += [link(page.number + 1, "next"), link(last, "last")] }
        if page.number > 1 { links.append(link(1, "first")) }
        return [GitHubHeaders.field("Link"): links.joined(separator: ", ")]
    }

    /// Links lead to addresses by id, not by name.
    private var linkAddress: String {
        let segments = Array(request.segments.dropFirst(2))
        let encoded = { (parts: ArraySlice<String>) in parts.map { "/" + PercentEncoding.encode($0) }.joined() }
        let path = backend.store.read { state -> String? in
            switch segments.first {
            case "repos"?:
                state.repository(fullPath: parameters["owner"] + "/" + parameters["repo"])
                    .map { "/repositories/\($0.id)" + encoded(segments.dropFirst(3)) }
            case "orgs"?: state.group(fullPath: parameters["org"]).map { "/organizations/\($0.id)/repos" }
            case "users"?: state.user(login: parameters["user"]).map { "/user/\($0.id)/repos" }
            default: nil
            }
        }
        let isOfRepositories = segments.first == "repos" || segments.last == "repos"
        return view.api + (isOfRepositories ? path ?? encoded(segments[...]) : encoded(segments[...]))
    }
}
