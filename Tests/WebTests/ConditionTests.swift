// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Hummingbird
import HummingbirdTesting
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// What conditions see is what the forge is asked, however a request spells it.
@Suite struct ConditionTests {
    private static func policy(_ effect: String, _ condition: String) -> String {
        let all = effect == "Deny" ? #"{"Effect":"Allow","Action":["*"]},"# : ""
        return
            #"{"Version":"1.1","Statement":[\#(all){"Effect":"\#(effect)","Action":["*"],"Condition":\#(condition)}]}"#
    }

    private static func asked(
        _ document: String, asUsePolicy: Bool, _ method: HTTPRequest.Method, _ path: String, body: String? = nil
    ) async throws -> (answer: TestSite.Answer, requests: Int) {
        let network = StubNetwork { StubGitHub.answer($0) }
        return try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain(usePolicy: asUsePolicy ? document : nil)
            if !asUsePolicy { try await site.house.restrict(by: document) }
            let answer = try await site.call(method, path, body: body)
            return (answer, network.requests.count)
        }
    }

    private static let secret =
        #"{"StringEquals":{"gatehouse:Namespace":["octavia"],"gatehouse:Project":["harbour"]}}"#

    @Test(
        arguments: [
            "octavia/harbour", "Octavia/HARBOUR", "octavia/octavia:harbour", "x/octavia:harbour",
            "x/octavia%2Fharbour", "x/octavia%2fharbour", "x/octavia%252Fharbour", "x/%6Fctavia%3Aharbour",
            "%256Fctavia/harbour", "octavia/%2568arbour", "octavia/harbour.git", "octavia/harbour%2F",
            "octavia/%2Fharbour", "octavia:/harbour", ":octavia/harbour", "x/:octavia:harbour:", "octavia/17",
            "x/%252e%252e:harbour", "octavia/%252e", "octavia/..", "octavia/x:..:harbour", "octavia/harbour%00",
            "octavia/harbour%0A", "octavia/%E2%80%8Bharbour", "octavia/harbour%23", "octavia/harbour%3Fx",
        ], [false, true]
    ) func `no spelling of a repository gets around a Deny`(repository: String, asUsePolicy: Bool) async throws {
        let (answer, requests) = try await Self.asked(
            Self.policy("Deny", Self.secret), asUsePolicy: asUsePolicy, .get, "/repos/\(repository)/branches")
        #expect([400, 403].contains(answer.status), "\(answer.text)")
        #expect(requests == 0)
    }

    @Test(arguments: ["octavia/harbour", "octavia/octavia:harbour", "x/octavia%2Fharbour", "%6Fctavia/harbour"])
    func `an Allow takes each spelling of its repository`(repository: String) async throws {
        let (answer, _) = try await Self.asked(
            Self.policy("Allow", Self.secret), asUsePolicy: false, .get, "/repos/\(repository)/branches")
        #expect(answer.status == 200, "\(answer.text)")
    }

    @Test(arguments: [
        "octavia/other", "other/harbour", "octavia/other:harbour", "octavia/octavia:harbour:x", "octavia/HARBOUR",
        "octavia/harbour.git", "octavia/17",
    ]) func `an Allow of one repository allows no other`(repository: String) async throws {
        let (answer, requests) = try await Self.asked(
            Self.policy("Allow", Self.secret), asUsePolicy: false, .get, "/repos/\(repository)/branches")
        #expect(answer.status == 403, "\(answer.text)")
        #expect(requests == 0)
    }

    /// GitLab and CodeArts Repo know a repository by its number, whatever namespace stands before it.
    @Test(arguments: ["x/17", "x/octavia:17", "octavia.git/17", "users:octavia/17"], [false, true])
    func `a number in the place of a project says nothing of its namespace`(
        repository: String, asUsePolicy: Bool
    ) async throws {
        for (effect, namespace) in [("Deny", "octavia"), ("Allow", "x"), ("Allow", "octavia.git")] {
            let (answer, requests) = try await Self.asked(
                Self.policy(effect, #"{"StringEquals":{"gatehouse:Namespace":["\#(namespace)"]}}"#),
                asUsePolicy: asUsePolicy, .get, "/repos/\(repository)/branches")
            #expect(answer.status == 403, "\(effect) \(namespace): \(answer.text)")
            #expect(requests == 0)
        }
    }

    @Test(arguments: ["aa7a", "AA7A", "feature/x-1-gaa7aaae", "a-gaa7a", "b0-1-gAA7A"])
    func `no spelling of a commit is let in as a branch`(ref: String) async throws {
        let document = Self.policy(
            "Allow", #"{"StringMatch":{"gatehouse:Branch":["feature/*","a*","A*","b*"]}}"#)
        for path in ["/repos/octavia/harbour/commits?ref=\(ref)", "/files/octavia/harbour/trees?ref=\(ref)"] {
            let (answer, requests) = try await Self.asked(document, asUsePolicy: false, .get, path)
            #expect(answer.status == 403 && requests == 0, "\(path): \(answer.text)")
        }
    }

    @Test(arguments: [
        "main", "MAIN", "%6Dain", "refs%2Fheads%2Fmain", "refs/heads/main", "heads/main", "main~0", "main%5E0",
        "main%40%7B0%7D", "HEAD", "%40", "+main", "main+", "main%20", "aaaaaaa", "aa7a", "x-1-gaa7aaae", "main&ref=dev",
    ]) func `no spelling of a branch gets around a Deny`(ref: String) async throws {
        let document = Self.policy("Deny", #"{"StringEquals":{"gatehouse:Branch":["main"]}}"#)
        let file = "/files/octavia/harbour/a.txt?ref=\(ref)"
        let content = #"{"message":"add","content":"aGVsbG8="}"#
        for (method, path, body) in [
            (HTTPRequest.Method.post, file, content), (.get, file, nil),
            (.get, "/repos/octavia/harbour/commits?ref=\(ref)", nil),
            (.post, "/repos/octavia/harbour/tags?ref=\(ref)", #"{"name":"v2","description":""}"#),
            (.get, "/files/octavia/harbour/trees?ref=\(ref)", nil),
        ] as [(HTTPRequest.Method, String, String?)] {
            let (answer, requests) = try await Self.asked(document, asUsePolicy: true, method, path, body: body)
            #expect((answer.status, answer.code) == (403, "SVCSTG.REPO.0454"), "\(path)")
            #expect(requests == 0)
        }
    }

    @Test func `the default branch, which is not named, is no other one to a Deny`() async throws {
        let document = Self.policy("Deny", #"{"StringEquals":{"gatehouse:Branch":["main"]}}"#)
        let (answer, requests) = try await Self.asked(
            document, asUsePolicy: false, .get, "/repos/octavia/harbour/commits")
        #expect(answer.status == 403 && requests == 0)
        // Of two of one name, the first is what everybody takes.
        let other = try await Self.asked(
            document, asUsePolicy: false, .get, "/repos/octavia/harbour/commits?ref=dev&ref=main")
        #expect(other.answer.status != 403)
    }

    @Test(arguments: [
        "secret:a.txt", "secret%2Fa.txt", "secret%2fa.txt", "secret%252Fa.txt", "SECRET:a.txt", "%73ecret%3Aa.txt",
        ":secret:a.txt", "%2Fsecret%2Fa.txt", "x%2F..%2Fsecret%2Fa.txt", ".%2Fsecret%2Fa.txt", "secret%2F%2Fa.txt",
        "..:secret:a.txt", "secret%2F.%2Fa.txt", "secret%2F..%2Fsecret%2Fa",
    ]) func `no spelling of a path gets around a Deny`(path: String) async throws {
        let document = Self.policy("Deny", #"{"StringStartWith":{"gatehouse:Path":["secret/"]}}"#)
        for asUsePolicy in [false, true] {
            let (answer, requests) = try await Self.asked(
                document, asUsePolicy: asUsePolicy, .get, "/files/octavia/harbour/\(path)?ref=main")
            #expect([400, 403].contains(answer.status), "\(answer.text)")
            #expect(requests == 0)
        }
    }

    @Test func `the adapter gets the path that the policy has seen`() async throws {
        let document = Self.policy("Allow", #"{"StringStartWith":{"gatehouse:Path":["docs/"]}}"#)
        let network = StubNetwork { StubGitHub.answer($0) }
        try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain(usePolicy: document)
            _ = try await site.call(.get, "/files/octavia/octavia:harbour/docs%252Fa%3Ab.md?ref=main")
            let paths = network.requests.map { URLComponents(string: $0.url)?.path ?? "" }
            #expect(!paths.isEmpty)
            #expect(paths.allSatisfy { $0.hasPrefix("/repos/octavia/harbour") })
            #expect(paths.contains { $0.contains("docs/a:b.md") || $0.contains("/git/") })
        }
    }

    @Test func `lists show what the caller may have`() async throws {
        let network = StubNetwork { request in
            let path = URLComponents(string: request.url)?.percentEncodedPath
            let sha = StubGitHub.sha
            switch path {
            case "/user/orgs": return .json(#"[{"login":"hidden","id":8},{"login":"open-org","id":9}]"#)
            case "/repos/octavia/harbour/branches":
                return .json(#"[{"name":"main","commit":{"sha":"\#(sha)"}},{"name":"dev","commit":{"sha":"\#(sha)"}}]"#)
            case "/repos/octavia/harbour/git/trees/\(sha)", "/repos/octavia/harbour/git/trees/main":
                return .json(
                    #"{"sha":"\#(sha)","truncated":false,"tree":[{"path":"docs/a.md","mode":"100644","type":"blob","sha":"\#(sha)"},{"path":"src/b.swift","mode":"100644","type":"blob","sha":"\#(sha)"}]}"#
                )
            default: return StubGitHub.answer(request)
            }
        }
        try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain(usePolicy: nil)
            try await site.house.store(.personal(Secret("canary")), named: "other-one")
            func names(_ path: String, _ member: String, _ key: String? = nil) async throws -> [String] {
                let answer = try await site.call(.get, path)
                #expect(answer.status == 200, "\(answer.text)")
                let list = try answer.json()[member] as? [Any] ?? []
                return list.compactMap { key == nil ? $0 as? String : ($0 as? [String: Any])?[key ?? ""] as? String }
            }
            try await site.house.restrict(
                by: Self.policy("Deny", #"{"StringEquals":{"gatehouse:Namespace":["hidden"]}}"#))
            #expect(try await names("/repos/namespaces", "namespaces", "name") == ["octavia", "open-org"])
            try await site.house.restrict(
                by: Self.policy(
                    "Allow", #"{"StringEquals":{"gatehouse:Namespace":["octavia"],"gatehouse:Project":["none"]}}"#))
            #expect(try await names("/repos/octavia/projects", "projects", "name").isEmpty)
            #expect(try await site.call(.get, "/repos/hidden/projects").status == 403)
            try await site.house.restrict(
                by: Self.policy("Deny", #"{"StringNotEquals":{"gatehouse:Branch":["main"]}}"#))
            #expect(try await names("/repos/octavia/harbour/branches", "branches") == ["main"])
            try await site.house.restrict(
                by: Self.policy("Allow", #"{"StringStartWith":{"gatehouse:Path":["docs/"]}}"#))
            #expect(try await names("/files/octavia/harbour/trees?ref=main", "paths") == ["docs/a.md"])
            try await site.house.restrict(
                by:
                    #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:other*"]}]}"#
            )
            #expect(try await names("/auths", "authorizations", "name") == ["other-one"])
        }
    }

    @Test func `what only the answer names is not told where it is denied`() async throws {
        let path = "/repos/project-info?clone_url=https%3A%2F%2Fgithub.com%2Foctavia%2Fharbour.git"
        for asUsePolicy in [false, true] {
            let denied = try await Self.asked(Self.policy("Deny", Self.secret), asUsePolicy: asUsePolicy, .get, path)
            #expect(denied.answer.status == 403 && !denied.answer.text.contains("harbour"))
            let allowed = try await Self.asked(Self.policy("Allow", Self.secret), asUsePolicy: asUsePolicy, .get, path)
            #expect(allowed.answer.status == 200)
        }
    }

    @Test func `a new repository is held against its own name`() async throws {
        let document = Self.policy("Allow", #"{"StringStartWith":{"gatehouse:Project":["har"]}}"#)
        for (name, status) in [("harbour", 200), ("Harbour", 403), ("other", 403), ("har:x", 403), ("a/har", 400)] {
            let (answer, requests) = try await Self.asked(
                document, asUsePolicy: true, .post, "/repos/octavia/projects", body: #"{"name":"\#(name)"}"#)
            #expect(answer.status == status, "\(name): \(answer.text)")
            #expect((requests > 0) == (status == 200))
        }
    }

    @Test func `an authorization is made and kept under the names that the policy has`() async throws {
        let document =
            #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["servicestage:*:*"],"Resource":["servicestage:*:*:repositoryAuth:mine-*"],"Condition":{"StringEquals":{"gatehouse:Forge":["github"]}}}]}"#
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            try await site.house.restrict(by: document)
            for (method, path, body, status) in [
                (HTTPRequest.Method.post, "/auths/github/personal", #"{"name":"mine-1","token":"canary"}"#, 200),
                (.post, "/auths/github/personal", #"{"name":"other","token":"canary"}"#, 403),
                (.post, "/auths/gitlab/personal", #"{"name":"mine-2","token":"canary"}"#, 403),
                (.put, "/auths/github/personal", #"{"name":"main","token":"canary"}"#, 403),
                (.delete, "/auths/main", nil, 403), (.get, "/auths/main", nil, 403), (.get, "/auths/none", nil, 403),
                (.get, "/auths/github/redirect?name=mine-3", nil, 200), (.get, "/auths/github/redirect", nil, 403),
                (.get, "/auths/main/policy", nil, 403), (.delete, "/auths/mine-1", nil, 204),
            ] as [(HTTPRequest.Method, String, String?, Int)] {
                let answer = try await site.call(method, path, body: body)
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
            }
        }
    }

    @Test func `the browser's way asks the policies that count when it ends`() async throws {
        try await TestSite.withSite { site async throws in
            let address = try await site.house.broker.redirect(
                to: .github, site: nil, name: "paged", with: site.house.grant(.getAuthorization))
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            _ = try await site.house.store.attach(
                policy: "ReadOnlyAccess", isStored: false, to: site.house.caller.user)
            let answer = try await site.send(
                .post, "/oauth/callback", body: "name=paged&code=canary-code&state=\(state)")
            #expect(answer.status == 403)
            #expect(try await site.house.broker.authorizations(site.house.grant(.listAuthorizations)).isEmpty)
        }
    }

    @Test(arguments: [
        ("", "not good JSON"),
        (#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["ecs:*:*"]}]}"#, "Statement[0].Action[0]"),
        (#"{"Version":"1.1","Version":"1.1","Statement":[]}"#, "twice"),
        (String(repeating: " ", count: 17_000), "more than"),
    ]) func `what is no use-policy is refused with a sentence, and the old one stays`(
        body: String, sentence: String
    ) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let answer = try await site.call(.put, "/auths/main/policy", body: body)
            #expect((answer.status, answer.code) == (400, "SVCSTG.REPO.0400"))
            #expect(answer.message?.contains(sentence) == true, "\(answer.text)")
            #expect(try await site.call(.get, "/auths/main/policy").text == TestSite.openUsePolicy)
        }
    }

    /// An operation that asks for no last word answers nothing.
    @Test func `a handler that passes the policies over is not answered`() async throws {
        let house = try await TestHouse(network: StubNetwork { StubGitHub.answer($0) })
        let broker = house.broker
        let careless = Operation("ListNamespaces", .get, "/repos/namespaces", .listNamespaces, about: .namespaces) {
            call in
            _ = try await call.forge(broker).namespaces()
            return Response(status: .ok)
        }
        let router = Router(context: OpenContext.self)
        router.add(middleware: Problems(door: FrontDoor()))
        router.group().add(middleware: Authentication(identity: house.identity)).group(context: CallerContext.self)
            .on(careless.routerPath, method: .get) { try await careless.respond(to: $0, $1, broker) }
        try await Application(router: router).test(.router) { client in
            let site = TestSite(house: house, client: client)
            try await site.storeMain(usePolicy: nil)
            #expect(try await site.call(.get, "/repos/namespaces").status == 200)
            try await house.restrict(by: Self.policy("Allow", #"{"StringEquals":{"gatehouse:Namespace":["octavia"]}}"#))
            #expect(try await site.call(.get, "/repos/namespaces").status == 500)
        }
    }
}
