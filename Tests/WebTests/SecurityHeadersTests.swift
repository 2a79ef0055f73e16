// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import TestSupport
import Testing

@testable import Web

/// What every answer tells browsers and caches, whatever it is.
@Suite struct SecurityHeadersTests {
    private static func check(_ answer: TestSite.Answer, _ what: String, isTLS: Bool = false) {
        #expect(answer.headers[.xContentTypeOptions] == "nosniff", "\(what)")
        #expect(answer.headers[.cacheControl] == "no-store", "\(what)")
        #expect(answer.headers[.referrerPolicy] == "no-referrer", "\(what)")
        let policy = answer.headers[.contentSecurityPolicy] ?? ""
        #expect(policy.hasPrefix("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "\(what)")
        #expect(!policy.contains("script"), "\(what)")
        #expect((answer.headers[.strictTransportSecurity] != nil) == isTLS, "\(what)")
        #expect(answer.headers[.server] == nil, "\(what)")
    }

    private static let open: [(HTTPRequest.Method, String)] = [
        (.get, "/"), (.get, "/v3"), (.post, "/v3/auth/tokens"), (.get, "/v3/auth/tokens"), (.head, "/v3/auth/tokens"),
        (.delete, "/v3/auth/tokens"), (.get, "/v3/auth/domains"), (.get, "/v3/projects"), (.get, "/v3/auth/projects"),
        (.post, "/v3.0/OS-CREDENTIAL/securitytokens"), (.get, "/livez"), (.head, "/livez"), (.get, "/readyz"),
        (.head, "/readyz"), (.get, "/openapi.yaml"), (.get, "/oauth/callback?code=c&state=s"),
        (.get, "/oauth/callback?error=access_denied"), (.post, "/oauth/callback"), (.get, "/nothing"), (.patch, "/v3"),
    ]

    @Test func `the table of open routes has every route that is described`() async throws {
        let described = try await TestSite.withSite { site async throws in
            try await site.send(.get, "/openapi.yaml").text
        }
        let paths = described.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: #/  (/[^:]*):/#).map { String($0.1) }
        }
        #expect(paths.count > 5)
        let known = Set(Self.open.map { String($0.1.prefix { $0 != "?" }) })
        for path in paths where !path.hasPrefix("/v1/") { #expect(known.contains(path), "\(path)") }
    }

    @Test(arguments: [false, true]) func `no route answers without them, good or bad`(isTLS: Bool) async throws {
        var door = FrontDoor()
        door.isTLS = isTLS
        try await TestSite.withSite(door: door) { site async throws in
            try await site.storeMain()
            for (method, path) in Self.open {
                Self.check(try await site.send(method, path), "\(method) \(path)", isTLS: isTLS)
            }
            for sample in DoorTests.samples {
                let path = site.address(of: sample.path)
                Self.check(try await site.send(sample.method, path), "\(sample.id), nobody", isTLS: isTLS)
                let body = try await site.body(of: sample)
                Self.check(try await site.call(sample.method, sample.path, body: body), sample.id, isTLS: isTLS)
            }
        }
    }
}
