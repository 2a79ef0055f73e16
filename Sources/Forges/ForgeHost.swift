// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Model

/// A forge's host: where its pages and its API are.
package struct ForgeHost: Sendable, Hashable {
    package let forge: ForgeID
    /// The address of the pages, no slash at its end: `https://github.com`, `https://git.example.org/gitlab`.
    package let pages: String
    /// The address of the REST API, no slash at its end: `https://api.github.com`, `https://git.example.org/gitlab/api/v4`.
    package let api: String

    /// The forge's own public service.
    package static func official(_ forge: ForgeID) -> ForgeHost {
        switch forge {
        case .github: ForgeHost(forge: forge, pages: "https://github.com", api: "https://api.github.com")
        case .gitlab: ForgeHost(forge: forge, pages: "https://gitlab.com", api: "https://gitlab.com/api/v4")
        case .devcloud: codearts(.usual)
        case .gitee: gitee("https://gitee.com")
        case .bitbucket:
            ForgeHost(forge: forge, pages: "https://bitbucket.org", api: "https://api.bitbucket.org/2.0")
        case .gitea: gitea("https://gitea.com")
        }
    }

    /// What the API shows as `repo_host`, and what ``init(_:stored:)`` reads back: GitHub's API base, that of a Bitbucket which
    /// is not the official one (it tells Cloud's API from Data Center's), otherwise the pages.
    package var shown: String {
        switch forge {
        case .github: api
        case .gitlab, .gitee, .devcloud, .gitea: pages
        case .bitbucket: self == .official(.bitbucket) ? pages : api
        }
    }

    /// Whether the API is Bitbucket Data Center's, which has little in common with Bitbucket Cloud's.
    package var isDataCenter: Bool {
        forge == .bitbucket && api.hasSuffix("/" + Self.dataCenterAPI.joined(separator: "/"))
    }

    private static let dataCenterAPI = ["rest", "api", "latest"]

    /// The host that an authorization was stored with. nil for a text that ``shown`` never gives.
    package init?(_ forge: ForgeID, stored: String) {
        guard let host = try? ForgeHost.candidates(forge, address: stored).first else { return nil }
        self = host
    }

    private init(forge: ForgeID, pages: String, api: String) {
        self.forge = forge
        self.pages = pages
        self.api = api
    }

    /// The hosts that a caller's `host` may mean, likeliest first: a host, a user's page (`https://github.com/tom-repo`) or an API
    /// base. nil or empty means the official one. There are several for a self-managed GitLab, Gitea or Bitbucket with a path, which
    /// may be the installation's or a user's page, and for a Bitbucket of which the address does not tell Data Center from Cloud.
    ///
    /// Throws ``ForgeError/Code/invalidRequest`` for what is no http or https address, or has a user, a query or a fragment.
    package static func candidates(_ forge: ForgeID, address: String?) throws(ForgeError) -> [ForgeHost] {
        guard let address, !address.isEmpty else { return [official(forge)] }
        guard address.utf8.count <= 2048, let origin = Origin(address), let url = URL(string: address),
            url.query() == nil, url.fragment() == nil,
            let decoded = url.path(percentEncoded: true).removingPercentEncoding,
            !decoded.pathParts.contains(where: { $0 == "." || $0 == ".." })
        else {
            throw ForgeError(
                .invalidRequest, forge,
                "host must be an address such as \(official(forge).pages), with no user, query or fragment.")
        }
        let root = origin.address
        let path = url.path(percentEncoded: true).split(separator: "/").map(String.init)
        switch forge {
        case .github: return [github(origin, root)]
        case .gitlab:
            if ["gitlab.com", "www.gitlab.com"].contains(origin.host) { return [official(.gitlab)] }
            var prefix = path
            while prefix.suffix(2) == ["api", "v4"] { prefix.removeLast(2) }
            let whole = gitlab(([root] + prefix).joined(separator: "/"))
            return prefix.isEmpty || prefix.count != path.count ? [whole] : [whole, gitlab(root)]
        case .devcloud: return [CodeArtsRegion(host: origin.host).map(codearts) ?? codearts(root)]
        case .gitee:
            // Gitee's private edition has a host of its own, so a path is a user's page or the API's.
            return [["gitee.com", "www.gitee.com"].contains(origin.host) ? official(.gitee) : gitee(root)]
        case .bitbucket: return bitbucket(origin, root, path)
        case .gitea:
            if ["gitea.com", "www.gitea.com"].contains(origin.host) { return [official(.gitea)] }
            var prefix = path
            while prefix.suffix(2) == ["api", "v1"] { prefix.removeLast(2) }
            let whole = gitea(([root] + prefix).joined(separator: "/"))
            return prefix.isEmpty || prefix.count != path.count ? [whole] : [whole, gitea(root)]
        }
    }

    /// https://gitee.com/api/v5/swagger
    private static func gitee(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitee, pages: pages, api: pages + "/api/v5")
    }

    /// bitbucket.org; an API base `…/2.0` of Cloud or `…/rest/api/latest` (or another version) of Data Center; or any other
    /// address, which is a Data Center's unless that one's API is not there. `host.open` chooses the adapter by ``isDataCenter``.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/ and
    /// https://developer.atlassian.com/server/bitbucket/rest/
    private static func bitbucket(_ origin: Origin, _ root: String, _ path: [String]) -> [ForgeHost] {
        if ["bitbucket.org", "www.bitbucket.org", "api.bitbucket.org"].contains(origin.host) {
            return [official(.bitbucket)]
        }
        func address(_ parts: some Sequence<String>) -> String { ([root] + parts).joined(separator: "/") }
        func cloud(_ pages: String) -> ForgeHost {
            ForgeHost(forge: .bitbucket, pages: pages, api: pages + "/2.0")
        }
        func dataCenter(_ pages: String) -> ForgeHost {
            ForgeHost(forge: .bitbucket, pages: pages, api: ([pages] + dataCenterAPI).joined(separator: "/"))
        }
        let base = path.indices.first { path[$0...].prefix(2) == ["rest", "api"] }
        if let base { return [dataCenter(address(path[..<base]))] }
        if path.last == "2.0" { return [cloud(address(path.dropLast()))] }
        let whole = path.isEmpty ? [] : [dataCenter(address(path))]
        return whole + [dataCenter(root), cloud(root)]
    }

    /// https://docs.gitea.com/development/api-usage
    private static func gitea(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitea, pages: pages, api: pages + "/api/v1")
    }

    private static func gitlab(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitlab, pages: pages, api: pages + "/api/v4")
    }

    /// A region of Huawei Cloud, whichever of its hosts was named.
    private static func codearts(_ region: CodeArtsRegion) -> ForgeHost {
        codearts(region.api)
    }

    /// The API has no path of its own.
    private static func codearts(_ root: String) -> ForgeHost {
        ForgeHost(forge: .devcloud, pages: root, api: root)
    }

    /// github.com; GitHub Enterprise Cloud with data residency (`NAME.ghe.com`); otherwise GitHub Enterprise Server.
    /// https://docs.github.com/en/enterprise-server/rest/enterprise-admin (base address)
    private static func github(_ origin: Origin, _ root: String) -> ForgeHost {
        if ["github.com", "www.github.com", "api.github.com"].contains(origin.host) { return official(.github) }
        if origin.host.hasSuffix(".ghe.com") {
            let name = origin.host.hasPrefix("api.") ? String(origin.host.dropFirst(4)) : origin.host
            return ForgeHost(forge: .github, pages: "https://" + name, api: "https://api." + name)
        }
        return ForgeHost(forge: .github, pages: root, api: root + "/api/v3")
    }
}

extension Origin {
    /// The origin as an address, the port only where it is not the scheme's own.
    var address: String {
        let shown = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return "\(scheme)://\(shown)" + (isUsualPort ? "" : ":\(port)")
    }

    /// Whether the port is the one that the scheme has when none is given.
    var isUsualPort: Bool {
        (scheme == "http" && port == 80) || (scheme == "https" && port == 443)
    }
}
