// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct ForgeHostTests {
    @Test(arguments: [
        (nil, "https://api.github.com"), ("", "https://api.github.com"),
        ("https://github.com", "https://api.github.com"), ("https://github.com/tom-repo", "https://api.github.com"),
        ("https://api.github.com", "https://api.github.com"), ("https://www.github.com/", "https://api.github.com"),
        ("http://github.com", "https://api.github.com"), ("https://GITHUB.com/Tom", "https://api.github.com"),
        ("https://octocorp.ghe.com", "https://api.octocorp.ghe.com"),
        ("https://api.octocorp.ghe.com", "https://api.octocorp.ghe.com"),
        ("https://octocorp.ghe.com/orgs/x", "https://api.octocorp.ghe.com"),
        ("https://git.example.org", "https://git.example.org/api/v3"),
        ("https://git.example.org/", "https://git.example.org/api/v3"),
        ("https://git.example.org/api/v3", "https://git.example.org/api/v3"),
        ("https://git.example.org/tom", "https://git.example.org/api/v3"),
        ("https://git.example.org:8443/tom", "https://git.example.org:8443/api/v3"),
        ("http://127.0.0.1:9001", "http://127.0.0.1:9001/api/v3"), ("https://[::1]:9001", "https://[::1]:9001/api/v3"),
    ])
    func `a GitHub address leads to one API`(address: String?, api: String) throws {
        let hosts = try ForgeHost.candidates(.github, address: address)
        #expect(hosts.map(\.api) == [api])
        #expect(hosts.map(\.shown) == [api])
    }

    @Test(arguments: [
        (nil, ["https://gitlab.com"]), ("https://gitlab.com/tom", ["https://gitlab.com"]),
        ("https://www.gitlab.com", ["https://gitlab.com"]), ("https://gitlab.com/api/v4", ["https://gitlab.com"]),
        ("https://git.example.org", ["https://git.example.org"]),
        ("https://git.example.org/", ["https://git.example.org"]),
        ("https://git.example.org/api/v4", ["https://git.example.org"]),
        ("https://git.example.org/gitlab/api/v4/", ["https://git.example.org/gitlab"]),
        ("https://git.example.org/gitlab", ["https://git.example.org/gitlab", "https://git.example.org"]),
        ("https://192.168.1.1:8080/gitlab", ["https://192.168.1.1:8080/gitlab", "https://192.168.1.1:8080"]),
    ])
    func `a GitLab address may be an installation or a user's page`(address: String?, pages: [String]) throws {
        let hosts = try ForgeHost.candidates(.gitlab, address: address)
        #expect(hosts.map(\.pages) == pages)
        #expect(hosts.map(\.api) == pages.map { $0 + "/api/v4" })
    }

    @Test(arguments: [
        (nil, "codehub-ext.cn-north-4"), ("https://codehub-ext.cn-east-3.myhuaweicloud.com/", "codehub-ext.cn-east-3"),
        ("http://CODEHUB-EXT.cn-east-3.myhuaweicloud.com/v4/x", "codehub-ext.cn-east-3"),
        ("https://repo.me-east-1.myhuaweicloud.com", "repo.me-east-1"),
        ("https://codehub-ext.af-south-1.myhuaweicloud.com", "codehub-ext.af-south-1"),
        ("https://codehub.devcloud.cn-south-1.huaweicloud.com/Team/x.git", "codehub-ext.cn-south-1"),
        ("https://devcloud.cn-north-1.huaweicloud.com/codehub/home", "codehub-ext.cn-north-1"),
        ("https://devcloud.tr-west-1.huaweicloud.com", "codeartsrepo-ext.tr-west-1"),
        ("https://iam.af-north-1.myhuaweicloud.com/v3", "repo.af-north-1"),
        ("https://repo.eu-west-101.myhuaweicloud.com", "repo.eu-west-101"),
    ])
    func `an address in Huawei Cloud leads to its region's API`(address: String?, host: String) throws {
        let hosts = try ForgeHost.candidates(.devcloud, address: address)
        #expect(hosts.map(\.api) == ["https://\(host).myhuaweicloud.com"])
        #expect(hosts.map(\.shown) == hosts.map(\.api))
    }

    @Test(arguments: [
        ("http://127.0.0.1:9005", "http://127.0.0.1:9005"),
        ("https://repo.example.org/team", "https://repo.example.org"),
        ("https://iam.myhuaweicloud.com", "https://iam.myhuaweicloud.com"),
        ("https://huaweicloud.com", "https://huaweicloud.com"),
        (
            "https://codehub-ext.cn-north-4.myhuaweicloud.com.evil.example",
            "https://codehub-ext.cn-north-4.myhuaweicloud.com.evil.example"
        ),
        ("https://codehub-ext.nowhere.myhuaweicloud.com", "https://codehub-ext.nowhere.myhuaweicloud.com"),
        ("https://cn-north-4.myhuaweicloud.com", "https://cn-north-4.myhuaweicloud.com"),
        ("https://x.evilmyhuaweicloud.com", "https://x.evilmyhuaweicloud.com"),
    ])
    func `any other address of CodeArts Repo is an installation's own`(address: String, api: String) throws {
        #expect(try ForgeHost.candidates(.devcloud, address: address).map(\.api) == [api])
    }

    @Test(arguments: [
        (nil, "https://gitee.com"), ("https://gitee.com/mo", "https://gitee.com"),
        ("https://www.gitee.com", "https://gitee.com"), ("https://gitee.com/api/v5", "https://gitee.com"),
        ("https://git.example.org", "https://git.example.org"),
        ("https://git.example.org/mo", "https://git.example.org"),
        ("http://127.0.0.1:9003/api/v5/", "http://127.0.0.1:9003"),
    ])
    func `a Gitee address leads to one host`(address: String?, pages: String) throws {
        let hosts = try ForgeHost.candidates(.gitee, address: address)
        #expect(hosts.map(\.pages) == [pages])
        #expect(hosts.map(\.api) == [pages + "/api/v5"])
    }

    @Test(arguments: [
        (nil, ["https://api.bitbucket.org/2.0"]), ("https://bitbucket.org/", ["https://api.bitbucket.org/2.0"]),
        ("https://bitbucket.org/tom-space", ["https://api.bitbucket.org/2.0"]),
        ("http://www.BITBUCKET.org", ["https://api.bitbucket.org/2.0"]),
        ("https://api.bitbucket.org/2.0", ["https://api.bitbucket.org/2.0"]),
        ("http://127.0.0.1:9003/2.0", ["http://127.0.0.1:9003/2.0"]),
        ("https://git.example.org/cloud/2.0/", ["https://git.example.org/cloud/2.0"]),
        ("https://git.example.org/rest/api/latest", ["https://git.example.org/rest/api/latest"]),
        ("https://git.example.org/rest/api/1.0/", ["https://git.example.org/rest/api/latest"]),
        ("https://git.example.org/stash/rest/api/1.0/users", ["https://git.example.org/stash/rest/api/latest"]),
        ("https://git.example.org", ["https://git.example.org/rest/api/latest", "https://git.example.org/2.0"]),
        (
            "https://git.example.org:7990/stash/",
            [
                "https://git.example.org:7990/stash/rest/api/latest", "https://git.example.org:7990/rest/api/latest",
                "https://git.example.org:7990/2.0",
            ]
        ),
    ])
    func `a Bitbucket address is Cloud's or Data Center's, or may be either`(address: String?, apis: [String]) throws {
        let hosts = try ForgeHost.candidates(.bitbucket, address: address)
        #expect(hosts.map(\.api) == apis)
        #expect(hosts.map(\.isDataCenter) == apis.map { $0.hasSuffix("/rest/api/latest") })
        for host in hosts where host != .official(.bitbucket) {
            #expect(host.api == host.pages + (host.isDataCenter ? "/rest/api/latest" : "/2.0"))
            #expect(try ForgeHost.candidates(.bitbucket, address: host.shown) == [host])
        }
    }

    @Test func `the official Bitbucket is shown by its pages`() throws {
        #expect(ForgeHost.official(.bitbucket).shown == "https://bitbucket.org")
        #expect(ForgeHost.official(.bitbucket).pages == "https://bitbucket.org")
        #expect(!ForgeHost.official(.gitlab).isDataCenter)
    }

    @Test(arguments: [
        (nil, ["https://gitea.com"]), ("https://gitea.com/kim", ["https://gitea.com"]),
        ("https://codeberg.org", ["https://codeberg.org"]), ("https://codeberg.org/api/v1", ["https://codeberg.org"]),
        ("https://git.example.org/gitea/api/v1", ["https://git.example.org/gitea"]),
        ("https://git.example.org/gitea", ["https://git.example.org/gitea", "https://git.example.org"]),
    ])
    func `a Gitea address may be an installation or a user's page`(address: String?, pages: [String]) throws {
        let hosts = try ForgeHost.candidates(.gitea, address: address)
        #expect(hosts.map(\.pages) == pages)
        #expect(hosts.map(\.api) == pages.map { $0 + "/api/v1" })
    }

    @Test(
        arguments: [
            "github.com", "ftp://github.com", "https://", "https://user@github.com", "https://u:p@github.com",
            "https://github.com?x=1", "https://github.com#x", "https://git hub.com", "https://gïthub.com",
            "https://github.com/\r\nX: y", "nonsense", "https://" + String(repeating: "a", count: 3000),
            "https://github.com:port", "//github.com", "https://github.com/a\\b", "https://git.example.org/a/../b",
            "https://git.example.org/%2e%2e/b", "https://git.example.org/%2e%2e/%CC%81b",
            "https://git.example.org/%2e%2e/%CC", "https://git.example.org/..%2F%CC",
        ], ForgeID.allCases)
    func `what is no host's address is refused with a sentence`(address: String, forge: ForgeID) {
        let error = #expect(throws: ForgeError.self) { try ForgeHost.candidates(forge, address: address) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("u:p") == false)
    }

    @Test(arguments: ForgeID.allCases)
    func `what is shown is read back`(forge: ForgeID) throws {
        for address in [nil, "https://git.example.org", "http://127.0.0.1:9001", "https://git.example.org/gitlab"] {
            for host in try ForgeHost.candidates(forge, address: address) {
                #expect(ForgeHost(forge, stored: host.shown) == host)
            }
        }
        #expect(ForgeHost(.github, stored: "https://api.octocorp.ghe.com")?.pages == "https://octocorp.ghe.com")
        #expect(ForgeHost(forge, stored: "nonsense") == nil)
    }

    @Test(arguments: ForgeID.allCases)
    func `a host opens its own forge`(forge: ForgeID) async throws {
        let network = StubAccount.network(of: forge)
        let source = CredentialSource.fixed(StubAccount.credential(of: forge))
        let opened = ForgeHost.official(forge).open(source, upstream: network.upstream)
        #expect(try await opened.account().login == "octocat")
        #expect(network.requests.last?.url.hasPrefix(ForgeHost.official(forge).api + "/") == true)
    }
}
