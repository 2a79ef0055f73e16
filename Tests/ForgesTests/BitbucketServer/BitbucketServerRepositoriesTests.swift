// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerRepositoriesTests {
    private typealias Bench = BitbucketServerBench
    private let own = Bench.api + "/projects/~mira/repos?start=0&limit=1000"

    @Test func `a user's own project is named by the user's slug, and no address has a user in it`() async throws {
        let network = StubNetwork(Bench.step(.get, own, try Bench.fixture("repositories")))
        let repositories = try await Bench.open(network).repositories(in: "~mira")
        let namespace = Namespace(id: "~mira", name: "~mira")
        #expect(
            repositories == [
                Repository(
                    id: "~mira/cider", name: "cider", cloneURL: Bench.pages + "/scm/~mira/cider.git",
                    namespace: namespace),
                // HTTP is switched off there: the address is as it would be.
                Repository(
                    id: "~mira/no-http", name: "no-http", cloneURL: Bench.pages + "/scm/~mira/no-http.git",
                    namespace: namespace),
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user's own project that is not there yet is empty, another one is not found`() async throws {
        let missing = Bench.refusal("project.NoSuchProjectException")
        for (user, status, code) in [("user", 200, nil), ("empty", 404, ForgeError.Code.notFound)] {
            let network = StubNetwork(
                Bench.step(.get, own, status: 404, missing),
                Bench.step(
                    .get, Bench.api + "/users/~mira".replacing("~", with: ""), status: status, try Bench.fixture(user)))
            let forge = try Bench.open(network)
            var repositories: [Repository]?
            let error = await failure { () throws(ForgeError) in
                repositories = try await forge.repositories(in: "~mira")
            }
            #expect(error?.code == code)
            #expect(repositories == (code == nil ? [] : nil))
            #expect(network.complaints.isEmpty)
        }
        let network = StubNetwork(
            Bench.step(.get, Bench.api + "/projects/NONE/repos?start=0&limit=1000", status: 404, missing))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.repositories(in: "NONE") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("project or user") == true)
    }

    @Test func `a repository is made private and empty`() async throws {
        let network = StubNetwork(
            Bench.step(.post, Bench.api + "/projects/ORCH/repos", status: 201, try Bench.fixture("repository")))
        let made = try await Bench.open(network).createRepository(named: "Cider", in: "ORCH")
        #expect(
            made
                == Repository(
                    id: "ORCH/cider", name: "cider", cloneURL: Bench.pages + "/scm/orch/cider.git",
                    namespace: Namespace(id: "ORCH", name: "ORCH")))
        #expect(network.requests.first?.text == #"{"forkable":true,"name":"Cider","public":false,"scmId":"git"}"#)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (409, nil, ForgeError.Code.alreadyExists), (400, "name", .invalidRequest), (401, nil, .credentialRejected),
    ])
    func `a refused repository has its code`(_ status: Int, _ context: String?, _ code: ForgeError.Code) async throws {
        let network = StubNetwork(
            Bench.step(
                .post, Bench.api + "/projects/ORCH/repos", status: status, Bench.refusal(nil, context: context)))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in
            _ = try await forge.createRepository(named: "cider", in: "ORCH")
        }
        #expect(error?.code == code)
        #expect(error?.upstreamStatus == status)
        #expect(error?.upstreamRequestID == "1F6DG0Fx540x12x0")
        if context != nil { #expect(error?.message.contains("(name)") == true) }
    }

    @Test(arguments: [
        "https://git.orchard.example/code/scm/orch/cider.git", "https://git.orchard.example/code/scm/orch/cider",
        "https://mira:pw@git.orchard.example/code/scm/orch/cider.git/",
        "ssh://git@git.orchard.example:7999/orch/cider.git",
        "git@git.orchard.example:orch/cider.git", "https://GIT.orchard.example:443/code/scm/orch/cider.git",
    ])
    func `an address for cloning leads to its repository`(_ address: String) async throws {
        let network = StubNetwork(
            Bench.step(.get, Bench.api + "/projects/orch/repos/cider", try Bench.fixture("repository")))
        #expect(try await Bench.open(network).repository(cloneURL: address).id == "ORCH/cider")
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user's own repository has its own address`() async throws {
        let network = StubNetwork(
            Bench.step(.get, Bench.api + "/projects/~mira/repos/cider", try Bench.fixture("repository")))
        _ = try await Bench.open(network).repository(cloneURL: Bench.pages + "/scm/~mira/cider.git")
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        "", "cider", "https://git.orchard.example/scm/orch/cider.git",
        "https://git.orchard.example/code/orch/cider.git",
        "https://git.orchard.example/code/scm/orch/press/cider.git", "https://git.orchard.example/code/scm/cider.git",
        "https://evil.example/code/scm/orch/cider.git", "https://git.orchard.example:8443/code/scm/orch/cider.git",
        "https://git.orchard.example/code/projects/ORCH/repos/cider/browse",
        "ssh://git@git.orchard.example:7999/cider.git",
        "https://git.orchard.example/code/scm/orch/a%20b.git", "https://git.orchard.example/code/scm/orch/..%2Fx.git",
    ])
    func `any other address is none, at no cost`(_ address: String) async throws {
        let network = StubNetwork([])
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [
        ("", "x"), ("ORCH", ""), ("ORCH", ".."), ("..", "cider"), ("ORCH", "a/b/c"), ("a b", "cider"), ("ORCH", "ä"),
    ])
    func `what can be no repository's name is not found, at no cost`(_ namespace: String, _ project: String)
        async throws
    {
        let network = StubNetwork([])
        let forge = try Bench.open(network)
        let reference = RepositoryReference(namespace: namespace, project: project)
        let error = await failure { () throws(ForgeError) in _ = try await forge.branches(of: reference) }
        #expect(error?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `a moved repository's redirect is followed`() async throws {
        let old = RepositoryReference(namespace: "ORCH", project: "OLD/press")
        let network = StubNetwork(
            .init(
                .get, Bench.api + "/projects/OLD/repos/press/webhooks?start=0&limit=100", status: 307,
                headers: ["Location": Bench.repository + "/webhooks?start=0&limit=100"]),
            Bench.step(.get, Bench.repository + "/webhooks?start=0&limit=100", try Bench.fixture("hooks")))
        #expect(try await Bench.open(network).hooks(of: old).count == 2)
        #expect(network.complaints.isEmpty)
    }
}
