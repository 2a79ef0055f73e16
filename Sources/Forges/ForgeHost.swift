// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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
        case .gitee: gitee("https://gitee.com")
        case .gitea: gitea("https://gitea.com")
        }
    }

    /// What the API shows as `repo_host`, and what ``init(_:stored:)`` reads back: GitHub's API base, otherwise the pages.
    package var shown: String {
        switch forge {
        case .github: api
        case .gitlab, .gitee, .gitea: pages
        }
    }

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
    /// base. nil or empty means the official one. There are two only for a self-managed GitLab or Gitea with a path, which may be
    /// the installation's or a user's page.
    ///
    /// Throws ``ForgeError/Code/invalidRequest`` for what is no http or https address, or has a user, a query or a fragment.
    package static func candidates(_ forge: ForgeID, address: String?) throws(ForgeError) -> [ForgeHost] {
        guard let address, !address.isEmpty else { return [official(forge)] }
        guard address.utf8.count <= 2048, let origin = Origin(address), let url = URL(string: address),
            url.query() == nil, url.fragment() == nil,
            !url.path(percentEncoded: false).split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
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
            if prefix.suffix(2) == ["api", "v4"] { prefix.removeLast(2) }
            let whole = gitlab(([root] + prefix).joined(separator: "/"))
            return prefix.isEmpty || prefix.count != path.count ? [whole] : [whole, gitlab(root)]
        case .gitee:
            // Gitee's private edition has a host of its own, so a path is a user's page or the API's.
            return [["gitee.com", "www.gitee.com"].contains(origin.host) ? official(.gitee) : gitee(root)]
        case .gitea:
            if ["gitea.com", "www.gitea.com"].contains(origin.host) { return [official(.gitea)] }
            var prefix = path
            if prefix.suffix(2) == ["api", "v1"] { prefix.removeLast(2) }
            let whole = gitea(([root] + prefix).joined(separator: "/"))
            return prefix.isEmpty || prefix.count != path.count ? [whole] : [whole, gitea(root)]
        }
    }

    /// https://gitee.com/api/v5/swagger
    private static func gitee(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitee, pages: pages, api: pages + "/api/v5")
    }

    /// https://docs.gitea.com/development/api-usage
    private static func gitea(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitea, pages: pages, api: pages + "/api/v1")
    }

    private static func gitlab(_ pages: String) -> ForgeHost {
        ForgeHost(forge: .gitlab, pages: pages, api: pages + "/api/v4")
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
