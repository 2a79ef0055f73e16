// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Model
import Storage
import TestSupport
import Testing

@testable import Web

@Suite struct TrustedProxiesTests {
    private static func origin(_ peer: String, _ forwarded: [String], trusting networks: [String]) throws -> String {
        let proxies = TrustedProxies(networks.compactMap { IPNetwork($0) })
        return proxies.origin(peer: try #require(IPAddress(peer)), forwarded: forwarded).shortest
    }

    @Test(
        arguments: [
            (["203.0.113.7"], "203.0.113.7"), (["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"), (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            (["203.0.113.7:4711"], "203.0.113.7"), (["2001:db8::1"], "2001:db8::1"), (["[2001:db8::1]"], "2001:db8::1"),
            (["[2001:db8::1]:443"], "2001:db8::1"), (["::ffff:203.0.113.7"], "203.0.113.7"),
            (["10.0.0.3, 10.0.0.2"], "10.0.0.3"), ([], "10.0.0.1"), ([" 203.0.113.7\t"], "203.0.113.7"),
        ] as [([String], String)])
    func `the right-most address that is no proxy's is the caller's`(forwarded: [String], origin: String) throws {
        #expect(try Self.origin("10.0.0.1", forwarded, trusting: ["10.0.0.0/8"]) == origin)
    }

    @Test(arguments: [
        "", ",", "unknown", "203.0.113.7, unknown", "203.0.113.7,", "203.0.113.7, _hidden", "203.0.113.7 evil",
        "203.0.113.7;203.0.113.8", "[203.0.113.7", "[2001:db8::1]443", "[]", "203.0.113.7:", "203.0.113.7:999999",
        "203.0.113.7:a", "0x7f.1", "017700000001", "2130706433", "203.0.113", "fe80::1%eth0", "\u{661}.1.1.1",
        "203.0.113.7\0", String(repeating: "1", count: 30_000), String(repeating: "unknown,", count: 4000),
    ])
    func `what is no address ends the search at the proxy`(forwarded: String) throws {
        #expect(try Self.origin("10.0.0.1", [forwarded], trusting: ["10.0.0.0/8"]) == "10.0.0.1")
    }

    @Test func `nobody but a proxy is believed`() throws {
        #expect(try Self.origin("192.0.2.9", ["203.0.113.7"], trusting: ["10.0.0.0/8"]) == "192.0.2.9")
        #expect(try Self.origin("10.0.0.1", ["203.0.113.7"], trusting: []) == "10.0.0.1")
        // A caller's own words stand left of what the proxy has seen.
        #expect(try Self.origin("10.0.0.1", ["10.0.0.9, 203.0.113.7"], trusting: ["10.0.0.0/8"]) == "203.0.113.7")
    }

    @Test func `the record and the throttle of sign-ins have the address that a proxy tells`() async throws {
        var door = FrontDoor()
        door.proxies = TrustedProxies([IPNetwork("127.0.0.0/8")].compactMap { $0 })
        try await TestServer.with(door) { server async throws in
            let token = try await server.token()
            _ = try await server.exchange(
                "GET /v1/\(server.house.caller.tenant.id)/git/auths HTTP/1.1\r\nHost: x\r\nX-Auth-Token: \(token)\r\n"
                    + "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nConnection: close\r\n\r\n")
            await server.house.audit.flush()
            let events = try await server.house.vault.auditPage(
                of: server.house.caller.tenant.id, before: nil, limit: 1)
            #expect(events.first?.event.source == "203.0.113.7")
            for number in 1...7 {
                let answer = try await server.exchange(
                    Self.signIn("wrong", headers: "X-Forwarded-For: 203.0.113.7\r\n"))
                #expect(answer.hasPrefix(number <= 5 ? "HTTP/1.1 401" : "HTTP/1.1 429"), "\(number)")
            }
            let other = try await server.exchange(
                Self.signIn(TestHouse.password.exposed, headers: "X-Forwarded-For: 203.0.113.8\r\n"))
            #expect(other.hasPrefix("HTTP/1.1 201"))
        }
    }

    @Test func `without a proxy that is trusted the header says nothing`() async throws {
        try await TestServer.with(FrontDoor()) { server async throws in
            for number in 1...7 {
                let answer = try await server.exchange(
                    Self.signIn("wrong", headers: "X-Forwarded-For: 203.0.113.\(number)\r\n"))
                #expect(answer.hasPrefix(number <= 5 ? "HTTP/1.1 401" : "HTTP/1.1 429"), "\(number)")
            }
        }
    }

    static func signIn(_ password: String, user: String = "alice", headers: String = "") -> String {
        let body = """
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"\(user)","password":"\(password)",\
            "domain":{"name":"acme"}}}}}}
            """
        return "POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\n\(headers)Content-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
