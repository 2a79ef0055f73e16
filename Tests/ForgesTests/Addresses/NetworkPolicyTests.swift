// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

struct IPAddressTests {
    @Test(arguments: [
        "8.8.8.8", "1.1.1.1", "140.82.112.3", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1",
        "11.0.0.1",
        "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.1", "192.0.1.1", "192.167.255.255", "192.169.0.1",
        "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "168.63.129.15", "2001:470:1f0b::5efe:1", "2003::1",
    ])
    func `addresses of the public internet are public`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe",
        "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:1::1", "2002:808:808::1", "168.63.129.16", "64:ff9b::a83f:8110", "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:8.8.8.8", "2001:10::1", "2001:20::1", "2001:2::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fd20:ce::254", "100::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
        "fe80::1",
        "fec0::1", "ff02::1", "4000::1", "8000::1", "c000::1",
    ])
    func `addresses set apart are not public, in whatever form they come`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "2130706433", "1.2.3.4 ", "::1%lo", "[::1]",
        "1.2.3.4/8",
        ":::1", "12345::", "1.2.3.4\0", "::1\0x",
    ])
    func `only the usual forms are addresses`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["1.2.3.4", "::1", "2606:4700::1111", "fe80::aaaa", "::ffff:10.0.0.1"])
    func `an address is written so that it is read again`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(IPAddress(address.text) == address)
        #expect(address.text.contains(":") != address.isIPv4)
    }

    @Test func `mapped and plain IPv4 are the same address`() {
        #expect(IPAddress("::ffff:1.2.3.4") == IPAddress("1.2.3.4"))
    }
}

struct IPNetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("192.168.1.7", "192.168.1.7", true),
        ("192.168.1.7", "192.168.1.8", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "::1", true), ("::/0", "8.8.8.8", true), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe00::1", false),
        ("10.1.2.3/31", "10.1.2.2", true), ("10.1.2.3/32", "10.1.2.2", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("fe80::/10", "febf::1", true), ("fe80::/10", "fec0::1", false),
    ])
    func `a network holds its addresses`(network: String, address: String, holds: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(#require(IPAddress(address))) == holds)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "host/8", "10.0.0.0/a", "/8",
    ])
    func `what is no network is refused`(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func `every reserved range is read`() {
        #expect(IPNetwork.reserved.count == 28)
    }
}

struct NetworkPolicyTests {
    private func verdict(
        _ address: String, trusted: [ForgeHost] = [], allowing texts: [String] = [],
        names: StubNames = StubNames(["git.mill.example": [["10.0.0.7"]]])
    ) async -> Upstream.Failure? {
        let policy = NetworkPolicy(trusted: trusted, allowing: texts, names: names)
        do throws(Upstream.Failure) {
            _ = try await policy.route(to: address)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a name without an address is told apart`() async {
        #expect(await verdict("https://no-such-host.invalid") == .unknownHost)
        let policy = NetworkPolicy(trusted: [], allowances: [])
        await #expect(throws: Upstream.Failure.unknownHost) {
            _ = try await policy.route(to: "https://no-such-host.invalid")
        }
    }

    @Test func `the machine's own names are resolved and refused`() async {
        let policy = NetworkPolicy(trusted: [], allowances: [])
        await #expect(throws: Upstream.Failure.refusedHost) { _ = try await policy.route(to: "https://localhost") }
    }

    @Test func `what the operator allows is allowed, over http too`() async {
        #expect(await verdict("http://127.0.0.1:9001/x", allowing: ["127.0.0.0/8"]) == nil)
        #expect(await verdict("https://10.1.2.3", allowing: ["10.1.0.0/16"]) == nil)
        #expect(await verdict("http://[::1]:9001", allowing: ["::1"]) == nil)
        #expect(await verdict("http://git.mill.example", allowing: ["Git.Mill.Example"]) == nil)
        #expect(await verdict("http://git.mill.example", allowing: ["10.0.0.0/24"]) == nil)
        #expect(await verdict("http://git.mill.example", allowing: ["hub.mill.example"]) == .refusedHost)
        #expect(await verdict("https://10.2.2.3", allowing: ["10.1.0.0/16"]) == .refusedHost)
        #expect(await verdict("http://8.8.8.8", allowing: ["10.1.0.0/16"]) == .refusedHost)
    }

    @Test(arguments: ["0", "1", "22", "25", "80", "6379x", "1023", "6000", "6667", "10080", "65536"])
    func `a public host is reached at ports for the web only`(port: String) async {
        #expect(await verdict("https://8.8.8.8:\(port)", allowing: []) == .refusedHost)
        #expect(await verdict("https://8.8.8.8:\(port)", allowing: ["10.0.0.7"]) == .refusedHost)
    }

    @Test(arguments: ["443", "1024", "8443"])
    func `a public host is reached at every port for the web`(port: String) async {
        #expect(await verdict("https://8.8.8.8:\(port)", allowing: []) == nil)
    }

    @Test(arguments: ["1", "22", "80", "1023", "8080"])
    func `what the operator allows is allowed at every port`(port: String) async {
        for allowance in ["10.0.0.7", "git.mill.example"] {
            #expect(await verdict("http://git.mill.example:\(port)", allowing: [allowance]) == nil)
        }
    }

    @Test func `a configured host is trusted at its origin only, whatever its port`() async throws {
        for port in [9001, 22] {
            let host = try #require(try ForgeHost.candidates(.github, address: "http://127.0.0.1:\(port)").first)
            #expect(await verdict("http://127.0.0.1:\(port)/api/v3/user", trusted: [host]) == nil)
            #expect(await verdict("http://127.0.0.1:9002/api/v3/user", trusted: [host]) == .refusedHost)
            #expect(await verdict("https://127.0.0.1:\(port)/api/v3/user", trusted: [host]) == .refusedHost)
        }
    }

    @Test func `plain http to strangers asks no name server`() async {
        let names = StubNames(["git.mill.example": [["8.8.8.8"]]])
        #expect(await verdict("http://git.mill.example", names: names) == .refusedHost)
        #expect(names.questions.isEmpty)
    }

    @Test(arguments: [
        "", "a b", "https://h", "h/path", "h:80", "10.0.0.0/99", "user@h", "[::1]", "h?x", "*", "*.example.org",
    ])
    func `what is no host and no network is no allowance`(text: String) {
        #expect(NetworkPolicy.Allowance(text) == nil)
    }

    @Test(arguments: [
        "git.example.org", "GIT.example.org", "localhost", "10.0.0.0/8", "::1", "fd00::/8", "192.168.1.7",
    ])
    func `hosts and networks are allowances`(text: String) {
        #expect(NetworkPolicy.Allowance(text) != nil)
    }
}
