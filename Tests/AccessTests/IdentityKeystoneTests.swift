// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Storage
import Testing

@testable import Access

struct IdentityKeystoneTests {
    private func user(_ user: String, scope: String? = nil) -> String {
        let scope = scope.map { #", "scope": \#($0)"# } ?? ""
        return #"{"auth": {"identity": {"methods": ["password"], "password": {"user": \#(user)}}\#(scope)}}"#
    }

    private func read(_ json: String) throws(AccessError) -> KeystoneAuthRequest {
        try KeystoneAuthRequest(json: Data(json.utf8))
    }

    private let tom = #"{"name": "tom", "password": "pw", "domain": {"name": "acme"}}"#

    @Test func `a user is named by id or by name and domain`() throws {
        let cases: [(String, UserReference)] = [
            (tom, .name("tom", domain: .name("acme"))),
            (#"{"name": "tom", "password": "pw", "domain": {"id": "d1"}}"#, .name("tom", domain: .id("d1"))),
            (
                #"{"name": "tom", "password": "pw", "domain": {"id": "d1", "name": "acme"}}"#,
                .name("tom", domain: .id("d1"))
            ),
            (#"{"id": "u1", "password": "pw"}"#, .id("u1")),
            (#"{"id": "u1", "name": "tom", "password": "pw", "extra": [1]}"#, .id("u1")),
            (#"{"name": "\u540d", "password": "pw", "domain": {"name": "名"}}"#, .name("名", domain: .name("名"))),
        ]
        for (json, expected) in cases {
            guard case .password(let reference, let password) = try read(user(json)).method else {
                Issue.record("\(json) is no password request")
                continue
            }
            #expect(reference == expected)
            #expect(password == Secret("pw"))
        }
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32])
    func `a body in another form than UTF-8 is refused`(encoding: String.Encoding) throws {
        let password = try #require(user(tom).data(using: encoding))
        let key = try #require(#"{"auth": {"identity": {"methods": ["token"]}}}"#.data(using: encoding))
        for error in [
            #expect(throws: AccessError.self) { try KeystoneAuthRequest(json: password) },
            #expect(throws: AccessError.self) { try TemporaryKeyRequest(json: key) },
        ] {
            #expect(error?.message == "The request body is invalid: it is not JSON in UTF-8.")
        }
    }

    @Test func `a scope is a project, a domain, unscoped or absent`() throws {
        let cases: [(String?, KeystoneAuthRequest.Scope?)] = [
            (nil, nil), ("null", nil), (#""unscoped""#, .unscoped), (#"{"unscoped": {}}"#, .unscoped),
            (#"{"project": {"id": "p1"}}"#, .project(.id("p1"))),
            (#"{"project": {"name": "p"}}"#, .project(.name("p", domain: nil))),
            (#"{"project": {"name": "p", "domain": {"id": "d"}}}"#, .project(.name("p", domain: .id("d")))),
            (#"{"project": {"name": "p", "domain": {"name": "d"}}}"#, .project(.name("p", domain: .name("d")))),
            (#"{"project": {"id": "p1"}, "domain": {"id": "d"}}"#, .project(.id("p1"))),
            (#"{"domain": {"id": "d"}}"#, .domain(.id("d"))), (#"{"domain": {"name": "d"}}"#, .domain(.name("d"))),
        ]
        for (json, expected) in cases {
            let scope = try read(user(tom, scope: json)).scope
            #expect(scope == expected, "\(json ?? "absent")")
        }
    }

    @Test func `a token is exchanged by the token method`() throws {
        let request = try read(#"{"auth": {"identity": {"methods": ["token"], "token": {"id": "gate_x"}}}}"#)
        guard case .token(let token) = request.method else { throw AccessError(.invalidRequest, "no token") }
        #expect(token == Secret("gate_x"))
    }

    @Test(arguments: [
        ("", "not JSON"), ("{", "not JSON"), ("nonsense", "not JSON"), ("{}x", "not JSON"), ("null", "the body"),
        ("[]", "the body must be an object"), ("\"text\"", "the body must be an object"), ("1", "the body must be"),
        ("{}", "auth is missing"), (#"{"auth": null}"#, "auth"), (#"{"auth": []}"#, "auth must be an object"),
        (#"{"auth": {}}"#, "auth.identity is missing"),
        (#"{"auth": {"identity": 1}}"#, "auth.identity must be an object"),
        (#"{"auth": {"identity": {}}}"#, "auth.identity.methods is missing"),
        (#"{"auth": {"identity": {"methods": "password"}}}"#, "auth.identity.methods must be a list of texts"),
        (#"{"auth": {"identity": {"methods": {}}}}"#, "auth.identity.methods must be a list of texts"),
        (#"{"auth": {"identity": {"methods": [1]}}}"#, "auth.identity.methods.[0] must be a text"),
        (#"{"auth": {"identity": {"methods": []}}}"#, "must name one method"),
        (#"{"auth": {"identity": {"methods": ["password", "token"]}}}"#, "must name one method"),
        (#"{"auth": {"identity": {"methods": ["totp"]}}}"#, "not offered"),
        (#"{"auth": {"identity": {"methods": ["hw_ak_sk"]}}}"#, "not offered"),
        (#"{"auth": {"identity": {"methods": ["password"]}}}"#, "auth.identity.password.user is missing"),
        (
            #"{"auth": {"identity": {"methods": ["password"], "password": {}}}}"#,
            "auth.identity.password.user is missing"
        ),
        (
            #"{"auth": {"identity": {"methods": ["password"], "password": 1}}}"#,
            "auth.identity.password must be an object"
        ),
        (#"{"auth": {"identity": {"methods": ["token"]}}}"#, "auth.identity.token.id is missing"),
        (#"{"auth": {"identity": {"methods": ["token"], "token": {"id": ""}}}}"#, "auth.identity.token.id is empty"),
        (
            #"{"auth": {"identity": {"methods": ["token"], "token": {"id": 5}}}}"#,
            "auth.identity.token.id must be a text"
        ),
        (String(repeating: "[", count: 100_000), "not JSON"),
        (#"{"auth": {"identity": "# + String(repeating: #"{"identity": "#, count: 20_000), "not JSON"),
    ])
    func `a body that is wrong is refused with the member's name`(json: String, sentence: String) {
        let error = #expect(throws: AccessError.self) { try read(json) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        (#"{}"#, "password.user.password is missing"), (#"[]"#, "password.user must be an object"),
        (#"{"password": ""}"#, "password.user.password is empty"),
        (#"{"password": 12345678, "id": "u"}"#, "password.user.password must be a text"),
        (#"{"password": "pw"}"#, "password.user.name is missing"),
        (#"{"password": "pw", "name": ""}"#, "password.user.name is empty"),
        (#"{"password": "pw", "name": "tom"}"#, "password.user.domain is missing"),
        (#"{"password": "pw", "name": "tom", "domain": "acme"}"#, "password.user.domain must be an object"),
        (#"{"password": "pw", "name": "tom", "domain": {}}"#, "password.user.domain.name is missing"),
        (#"{"password": "pw", "name": "tom", "domain": {"id": ""}}"#, "password.user.domain.id is empty"),
        (#"{"password": "pw", "id": ""}"#, "password.user.id is empty"),
        (#"{"password": "pw", "id": ["u"]}"#, "password.user.id must be a text"),
    ])
    func `a user that is wrong is refused with the member's name`(json: String, sentence: String) {
        let error = #expect(throws: AccessError.self) { try read(user(json)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("auth.identity.\(sentence)") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("12345678") == false)
    }

    @Test(arguments: [
        ("{}", "neither a project nor a domain"), ("\"\"", "neither"), ("\"everything\"", "neither"),
        ("[]", "auth.scope must be"), ("1", "auth.scope must be"), (#"{"system": {"all": true}}"#, "neither"),
        (#"{"OS-TRUST:trust": {"id": "t"}}"#, "neither"), (#"{"project": {}}"#, "auth.scope.project.name is missing"),
        (#"{"project": []}"#, "auth.scope.project must be an object"),
        (#"{"project": {"id": 1}}"#, "auth.scope.project.id must be a text"),
        (#"{"project": {"name": ""}}"#, "auth.scope.project.name is empty"),
        (#"{"project": {"name": "p", "domain": {}}}"#, "auth.scope.project.domain.name is missing"),
        (#"{"domain": {}}"#, "auth.scope.domain.name is missing"),
        (#"{"domain": {"id": ""}}"#, "auth.scope.domain.id is empty"),
    ])
    func `a scope that is wrong is refused with the member's name`(json: String, sentence: String) {
        let error = #expect(throws: AccessError.self) { try read(user(tom, scope: json)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes in [[0xFF, 0xFE, 0x00], Array(user(tom).utf8).map { $0 == UInt8(ascii: "t") ? 0xFF : $0 }]
            as [[UInt8]]
        {
            let error = #expect(throws: AccessError.self) { try KeystoneAuthRequest(json: Data(bytes)) }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func `the answer has every member of the reference`() async throws {
        let settings = Identity.Settings(endpoint: "https://gate.example", region: "north")
        try await IdentityFixture.with(settings: settings) { house in
            let (tenant, tom) = (house.tenants[0], house.users[0])
            let issued = try await house.identity.issue(house.passwordRequest())
            let body = try #require(
                try JSONSerialization.jsonObject(with: issued.body.json()) as? [String: [String: Any]])
            let token = try #require(body["token"])
            #expect(
                Set(token.keys) == [
                    "audit_ids", "catalog", "expires_at", "issued_at", "methods", "project", "roles", "user",
                ])
            #expect(token["issued_at"] as? String == "2025-01-02T03:04:05.000000Z")
            #expect(token["expires_at"] as? String == "2025-01-03T03:04:05.000000Z")
            #expect(token["methods"] as? [String] == ["password"])
            let domain = ["id": tenant.domain, "name": "acme"]
            let user = try #require(token["user"] as? [String: Any])
            #expect(user["id"] as? String == tom.id)
            #expect(user["name"] as? String == "tom")
            #expect(user["password_expires_at"] as? String == "")
            #expect(user["domain"] as? [String: String] == domain)
            let project = try #require(token["project"] as? [String: Any])
            #expect(project["id"] as? String == tenant.id.text)
            #expect(project["name"] as? String == "acme")
            #expect(project["domain"] as? [String: String] == domain)
            #expect(token["roles"] as? [[String: String]] == [["id": "0", "name": "member"]])
            let catalog = try #require(token["catalog"] as? [[String: Any]])
            #expect(catalog.map { $0["type"] as? String } == ["servicestage", "identity"])
            let endpoints = try #require(catalog[0]["endpoints"] as? [[String: String]])
            #expect(endpoints[0]["url"] == "https://gate.example/v1/\(tenant.id)")
            #expect(endpoints[0]["interface"] == "public")
            #expect(endpoints[0]["region"] == "north")
            #expect(endpoints[0]["region_id"] == "north")

            let bare = try await house.identity.issue(house.passwordRequest(), withCatalog: false)
            #expect(bare.body.token.catalog == [])
            let session = try await house.identity.session(token: bare.token.exposed)
            let checked = try await house.identity.check(subject: issued.token.exposed, by: session)
            #expect(try checked.json() == issued.body.json())
            #expect(try JSONDecoder().decode(KeystoneToken.self, from: issued.body.json()) == issued.body)
            #expect(try String(decoding: issued.body.json(), as: UTF8.self).contains(issued.token.exposed) == false)
        }
    }

    @Test func `without an endpoint the catalog is empty`() async throws {
        try await IdentityFixture.with { house in
            let issued = try await house.identity.issue(house.passwordRequest())
            #expect(issued.body.token.catalog == [])
        }
    }

    @Test func `projects are the caller's one, by name and domain`() async throws {
        try await IdentityFixture.with(settings: Identity.Settings(endpoint: "http://gate")) { house in
            let caller = Caller(user: house.users[0], tenant: house.tenants[0])
            let all = house.identity.projects(of: caller)
            let object = try #require(try JSONSerialization.jsonObject(with: all.json()) as? [String: Any])
            let projects = try #require(object["projects"] as? [[String: Any]])
            #expect(projects.count == 1)
            #expect(projects[0]["id"] as? String == IdentityFixture.project)
            #expect(projects[0]["name"] as? String == "acme")
            #expect(projects[0]["domain_id"] as? String == house.tenants[0].domain)
            #expect(projects[0]["parent_id"] as? String == house.tenants[0].domain)
            #expect(projects[0]["is_domain"] as? Bool == false)
            #expect(projects[0]["enabled"] as? Bool == true)
            #expect(projects[0]["description"] as? String == "")
            #expect(
                (projects[0]["links"] as? [String: String])?["self"]
                    == "http://gate/v3/projects/\(IdentityFixture.project)")
            let links = try #require(object["links"] as? [String: Any])
            #expect(links["next"] is NSNull && links["previous"] is NSNull)
            #expect(links["self"] as? String == "http://gate/v3/projects")
            #expect(house.identity.projects(of: caller, named: "acme", domain: house.tenants[0].domain) == all)
            #expect(house.identity.projects(of: caller, named: "other").projects.isEmpty)
            #expect(house.identity.projects(of: caller, domain: house.tenants[1].domain).projects.isEmpty)
        }
    }

    @Test func `a region's name means the caller's project, and the answer bears it`() async throws {
        try await IdentityFixture.with(settings: Identity.Settings(region: "harbour east")) { house async throws in
            let caller = Caller(user: house.users[0], tenant: house.tenants[0])
            for name in ["cn-north-4", "eu-west-101", "ru-moscow-1", "harbour east"] {
                let projects = house.identity.projects(of: caller, named: name).projects
                #expect(projects.map(\.id) == [IdentityFixture.project])
                #expect(projects.map(\.name) == [name])
                let scope = KeystoneAuthRequest.Scope.project(.name(name, domain: .name("acme")))
                let token = try await house.identity.issue(house.passwordRequest(scope: scope)).body.token
                #expect(token.project?.id == IdentityFixture.project)
            }
            for name in [
                "", "RegionOne", "cn-north", "cn-north-", "cn--4", "-north-4", "CN-NORTH-4", "cn-north-4_sub",
                "cn-north-4-5",
                "c-north-4", "cn-n0rth-4", "cn-north-12345", "cn-nörth-4", "MOS", " cn-north-4", "other",
            ] {
                #expect(house.identity.projects(of: caller, named: name).projects.isEmpty, "\(name)")
            }
            let scope = KeystoneAuthRequest.Scope.project(.name("cn-north-4", domain: .name("other")))
            let other = try await accessError {
                _ = try await house.identity.issue(house.passwordRequest(scope: scope))
            }
            #expect(other?.code == .unauthenticated)
        }
    }

    @Test func `the domain is the caller's own`() async throws {
        try await IdentityFixture.with(settings: Identity.Settings(endpoint: "http://gate")) { house async throws in
            let caller = Caller(user: house.users[0], tenant: house.tenants[0])
            let json = try house.identity.domains(of: caller).json()
            let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            let domains = try #require(object["domains"] as? [[String: Any]])
            #expect(domains.count == 1)
            #expect(domains[0]["id"] as? String == house.tenants[0].domain)
            #expect(domains[0]["name"] as? String == "acme")
            #expect(domains[0]["enabled"] as? Bool == true)
            #expect((object["links"] as? [String: Any])?["self"] as? String == "http://gate/v3/auth/domains")
        }
    }

    @Test func `the version says where it stands`() throws {
        let json = String(decoding: try KeystoneVersion(address: "http://gate").json(), as: UTF8.self)
        #expect(json.contains(#""href":"http://gate/v3/""#))
        #expect(json.contains(#""id":"v3.14""#) && json.contains(#""status":"stable""#))
    }

    @Test func `every failure has Keystone's form and a status of its own kind`() throws {
        let statuses: [AccessError.Code: Int] = [
            .unauthenticated: 401, .tokenExpired: 401, .forbidden: 403, .otherTenant: 403, .invalidRequest: 400,
            .noSuchAuthorization: 400, .unsupported: 400, .badState: 400, .notFound: 404, .alreadyExists: 409,
            .tooManyAttempts: 429, .tooManyRequests: 429, .overQuota: 429, .usePolicyDenies: 403, .unavailable: 503,
            .identityUnavailable: 503,
        ]
        for code in AccessError.Code.allCases {
            let error = KeystoneError(AccessError(code, "A sentence.", cause: "inner words"))
            #expect(error.status == statuses[code])
            let object = try #require(try JSONSerialization.jsonObject(with: error.json()) as? [String: [String: Any]])
            #expect(object["error"]?["code"] as? Int == error.status)
            #expect(object["error"]?["message"] as? String == "A sentence.")
            #expect((object["error"]?["title"] as? String)?.isEmpty == false)
            #expect(try String(decoding: error.json(), as: UTF8.self).contains("inner") == false)
        }
    }

    @Test func `an error for the caller never has the store's own words`() {
        for code in StoreError.Code.allCases {
            let error = AccessError(StoreError(code, "path /secret/place", cause: "SQLite error"))
            #expect(!error.message.contains("/secret") && !error.message.contains("SQLite"))
            #expect(error.cause?.contains("SQLite error") == true)
        }
    }
}
