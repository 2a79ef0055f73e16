// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import TestSupport
import Testing

struct BitbucketRepositoriesTests {
    private let beacon = Repository(
        id: "seamark/beacon", name: "beacon", cloneURL: "https://bitbucket.org/seamark/beacon.git",
        namespace: Namespace(id: "seamark", name: "seamark"))

    @Test func `a workspace's repositories are read to the last page, their addresses without a user`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, "/repositories/seamark?pagelen=100", "repositories"),
            try BitbucketBench.step(.get, "/repositories/seamark?pagelen=100&after=opaque%3D%3D", "repositories_2"))
        let found = try await BitbucketBench.open(network).repositories(in: "seamark")
        #expect(found.map(\.id) == ["seamark/beacon", "seamark/bell-buoy"])
        #expect(found.first == beacon)
        #expect(network.complaints.isEmpty)
    }

    @Test func `three pages of a hundred are one list`() async throws {
        let network = StubNetwork(answering: { request in
            let page = request.url.split(separator: "after=").last.flatMap { Int($0) } ?? 1
            let names = (1...(page == 3 ? 50 : 100)).map {
                #"{"full_name":"seamark/n\#(page)-\#($0)","links":{"clone":[]},"mainbranch":null}"#
            }
            let next = page == 3 ? "" : #","next":"\#(BitbucketBench.api)/repositories/seamark?after=\#(page + 1)""#
            return .json(#"{"values":[\#(names.joined(separator: ","))]\#(next)}"#)
        })
        let found = try await BitbucketBench.open(network).repositories(in: "seamark")
        #expect(found.count == 250)
        #expect(Set(found.map(\.id)).count == 250)
        #expect(found.last?.cloneURL == "https://bitbucket.org/seamark/n3-50.git")
    }

    @Test func `a workspace may be named by its UUID`() async throws {
        let path = "/repositories/%7B7a1d8e0b-3c44-4e18-8a83-6de1c7b3f9a2%7D?pagelen=100"
        let network = StubNetwork(try BitbucketBench.step(.get, path, "repositories_2"))
        let found = try await BitbucketBench.open(network).repositories(in: "{7a1d8e0b-3c44-4e18-8a83-6de1c7b3f9a2}")
        #expect(found.count == 1)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["", ".", "..", "gone"])
    func `an unknown workspace is not found`(name: String) async throws {
        let forge = BitbucketBench.open(BitbucketBench.network([:]))
        let error = try await BitbucketBench.error { _ = try await forge.repositories(in: name) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("workspace") == true)
    }

    @Test func `a repository is made private and for git`() async throws {
        let network = StubNetwork(try BitbucketBench.step(.post, "/repositories/seamark/beacon", "repository"))
        let made = try await BitbucketBench.open(network).createRepository(named: "beacon", in: "seamark")
        #expect(made == beacon)
        #expect(network.requests.map(\.text) == [#"{"is_private":true,"scm":"git"}"#])
        #expect(network.requests.first?.header("Content-Type") == "application/json")
        #expect(network.complaints.isEmpty)
    }

    @Test func `a name with capitals is kept as the shown name`() async throws {
        let network = StubNetwork(try BitbucketBench.step(.post, "/repositories/seamark/beacon", "repository"))
        _ = try await BitbucketBench.open(network).createRepository(named: "Beacon", in: "seamark")
        #expect(network.requests.map(\.text) == [#"{"is_private":true,"name":"Beacon","scm":"git"}"#])
    }

    @Test(arguments: ["", "a b", "a/b", "ü", ".", "..", "x.git", "X.GIT", String(repeating: "a", count: 63)])
    func `a name that Bitbucket would change is refused`(name: String) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network)
        let error = try await BitbucketBench.error { _ = try await forge.createRepository(named: name, in: "seamark") }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test func `a taken name is told, whatever the words`() async throws {
        let path = "/repositories/seamark/beacon"
        for (status, body) in [(400, try BitbucketBench.fixture("name_taken")), (400, "{}")] {
            let network = BitbucketBench.network([
                "POST " + path: .json(body, status: status), "GET " + path: try BitbucketBench.answer("repository"),
            ])
            let forge = BitbucketBench.open(network)
            let error = try await BitbucketBench.error {
                _ = try await forge.createRepository(named: "beacon", in: "seamark")
            }
            #expect(error?.code == .alreadyExists)
            #expect(error?.upstreamStatus == 400)
        }
        let nothing = BitbucketBench.network(["POST " + path: .json("{}", status: 400)])
        let forge = BitbucketBench.open(nothing)
        let error = try await BitbucketBench.error {
            _ = try await forge.createRepository(named: "beacon", in: "seamark")
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `a missing right to make repositories is told, though Bitbucket answers 400`() async throws {
        let body = #"{"type":"error","error":{"message":"You cannot create repositories: missing privilege"}}"#
        let forge = BitbucketBench.open(StubNetwork(answering: { _ in .json(body, status: 400) }))
        let error = try await BitbucketBench.error { _ = try await forge.createRepository(named: "x", in: "seamark") }
        #expect(error?.code == .forbidden)
    }

    @Test(arguments: [
        "https://bitbucket.org/seamark/beacon.git", "https://bitbucket.org/seamark/beacon",
        "https://mira@bitbucket.org/seamark/beacon.git", "https://x-token-auth:CANARY@bitbucket.org/Seamark/Beacon.git",
        "http://www.bitbucket.org/seamark/beacon/", "git@bitbucket.org:seamark/beacon.git",
        "ssh://git@bitbucket.org/seamark/beacon.git", "ssh://git@altssh.bitbucket.org:443/seamark/beacon.git",
    ])
    func `an address for cloning leads to its repository`(address: String) async throws {
        let network = StubNetwork(try BitbucketBench.step(.get, BitbucketBench.repository, "repository"))
        #expect(try await BitbucketBench.open(network).repository(cloneURL: address) == beacon)
        #expect(network.complaints.isEmpty)
        #expect(network.requests.allSatisfy { !$0.url.contains("CANARY") })
    }

    @Test(arguments: [
        "", "nonsense", "https://bitbucket.org", "https://bitbucket.org/seamark", "https://bitbucket.org/a/b/src/main",
        "https://github.com/seamark/beacon.git", "https://bitbucket.org:8443/seamark/beacon.git",
        "https://altssh.bitbucket.org/seamark/beacon.git", "https://bitbucket.org/seamark/be%20acon.git",
        "file:///seamark/beacon.git", "https://bitbucket.org/../beacon", "https://bitbucket.org/{x}/beacon",
    ])
    func `what names no repository of the host is refused`(address: String) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network)
        let error = try await BitbucketBench.error { _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
        #expect(network.requests.isEmpty)
    }

    @Test func `another host's repositories have its addresses, its path included`() async throws {
        let host = try #require(ForgeHost(.bitbucket, stored: "http://127.0.0.1:9003/cloud/2.0"))
        let path = "http://127.0.0.1:9003/cloud/2.0" + BitbucketBench.repository
        let network = StubNetwork(
            .init(.get, path, json: #"{"full_name":"seamark/beacon"}"#),
            .init(.get, path, json: #"{"full_name":"seamark/beacon"}"#))
        let forge = BitbucketBench.open(network, host: host)
        let found = try await forge.repository(cloneURL: "http://127.0.0.1:9003/cloud/seamark/beacon.git")
        #expect(found.cloneURL == "http://127.0.0.1:9003/cloud/seamark/beacon.git")
        _ = try await forge.repository(cloneURL: "git@127.0.0.1:seamark/beacon.git")
        for other in ["http://127.0.0.1:9003/seamark/beacon.git", "http://127.0.0.1/cloud/seamark/beacon.git"] {
            let error = try await BitbucketBench.error { _ = try await forge.repository(cloneURL: other) }
            #expect(error?.code == .invalidCloneURL)
        }
        #expect(network.complaints.isEmpty)
    }

    @Test func `a renamed repository is found where Bitbucket sends us`() async throws {
        let old = BitbucketBench.api + "/repositories/seamark/lamp"
        let network = StubNetwork(
            .init(
                .get, old, status: 301, headers: ["Location": BitbucketBench.api + BitbucketBench.repository]),
            try BitbucketBench.step(.get, BitbucketBench.repository, "repository"))
        let found = try await BitbucketBench.open(network).repository(cloneURL: "https://bitbucket.org/seamark/lamp")
        #expect(found == beacon)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        ("seamark", "beacon", "seamark/beacon"), ("seamark", "seamark/beacon", "seamark/beacon"),
        ("other", "seamark/beacon", "seamark/beacon"), ("{a}", "{b}", "%7Ba%7D/%7Bb%7D"),
        ("sea mark", "b?#%", "sea%20mark/b%3F%23%25"),
    ])
    func `a repository is named in its workspace, whole or by UUIDs`(
        namespace: String, project: String, path: String
    ) async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, "/repositories/\(path)/refs/tags?pagelen=100", "tags_2"))
        let reference = RepositoryReference(namespace: namespace, project: project)
        #expect(try await BitbucketBench.open(network).tags(of: reference) == ["v1"])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [("seamark", ""), ("", "beacon"), ("seamark", ".."), ("x", "a/b/c"), ("x", "/b"), (".", "b")])
    func `what cannot name a repository is not found`(namespace: String, project: String) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network)
        let reference = RepositoryReference(namespace: namespace, project: project)
        let error = try await BitbucketBench.error { _ = try await forge.tags(of: reference) }
        #expect(error?.code == .notFound)
        #expect(network.requests.isEmpty)
    }
}
