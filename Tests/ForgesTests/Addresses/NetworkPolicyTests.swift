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
        "64:ff9b::808:808", "2002:808:808::1",
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
        "2002:c0a8:1::1", "100::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
        "fe80::1",
        "fec0::1", "ff02::1", "4000::1", "8000::1", "c000::1",
    ])
    func `addresses set apart are not public, in whatever form they come`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "2130706433", "1.2.3.4 ", "::1%lo", "[::1]",
        "1.2.3.4/8",
        ":::1", "12345::",
    ])
    func `only the usual forms are addresses`(text: String) {
        #expect(IPAddress(text) == nil)
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
        #expect(IPNetwork.reserved.count == 26)
    }
}

struct NetworkPolicyTests {
    private func verdict(
        _ address: String, trusted: [ForgeHost] = [], allowing texts: [String] = []
    ) async -> Upstream.Failure? {
        let policy = NetworkPolicy(trusted: trusted, allowances: texts.compactMap(NetworkPolicy.Allowance.init))
        do throws(Upstream.Failure) {
            try await policy.check(address)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "https://127.0.0.1", "https://127.1", "https://2130706433", "https://0x7f000001", "https://0177.0.0.1",
        "https://0x7f.1", "https://0", "https://017700000001", "https://localhost", "https://LOCALHOST",
        "https://localhost.",
        "https://127.0.0.1.", "https://[::1]", "https://[::]", "https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]",
        "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]", "https://[0:0:0:0:0:0:0:1]",
        "https://169.254.169.254/latest",
        "https://[fd00:ec2::254]", "https://10.1.2.3:8443", "https://192.168.1.1", "https://100.100.100.200",
        "https://[fe80::1]", "https://255.255.255.255", "https://224.0.0.1", "https://192.0.0.192",
    ])
    func `a private address is refused in every spelling`(address: String) async {
        #expect(await verdict(address) != nil)
    }

    @Test(arguments: [
        "http://8.8.8.8", "ftp://8.8.8.8", "https://user@8.8.8.8", "https://8.8.8.8@127.0.0.1", "8.8.8.8", "",
        "https://",
        "https://[fe80::1%25lo]", "https://[fe80::1%lo]", "https://127。0。0。1", "https://①②⑦.0.0.1",
        "https://%31%32%37.0.0.1",
        "https://8.8.8.8\\@127.0.0.1",
    ])
    func `what is not plain https to a public host is refused`(address: String) async {
        #expect(await verdict(address) != nil)
    }

    @Test func `a public address is allowed over https`() async {
        #expect(await verdict("https://8.8.8.8/api/v3") == nil)
        #expect(await verdict("https://[2606:4700::1111]/") == nil)
        #expect(await verdict("https://134744072") == nil)
    }

    @Test func `a name without an address is told apart`() async {
        #expect(await verdict("https://no-such-host.invalid") == .unknownHost)
    }

    @Test func `what the operator allows is allowed, over http too`() async {
        #expect(await verdict("http://127.0.0.1:9001/x", allowing: ["127.0.0.0/8"]) == nil)
        #expect(await verdict("http://127.1:9001/x", allowing: ["127.0.0.0/8"]) == nil)
        #expect(await verdict("https://10.1.2.3", allowing: ["10.1.0.0/16"]) == nil)
        #expect(await verdict("http://[::1]:9001", allowing: ["::1"]) == nil)
        #expect(await verdict("http://git.internal.invalid", allowing: ["Git.Internal.Invalid"]) == nil)
        #expect(await verdict("https://10.2.2.3", allowing: ["10.1.0.0/16"]) == .refusedHost)
        #expect(await verdict("http://8.8.8.8", allowing: ["10.1.0.0/16"]) == .refusedHost)
    }

    @Test func `a configured host is trusted at its origin only`() async throws {
        let host = try #require(try ForgeHost.candidates(.github, address: "http://127.0.0.1:9001").first)
        #expect(await verdict("http://127.0.0.1:9001/api/v3/user", trusted: [host]) == nil)
        #expect(await verdict("http://127.0.0.1:9002/api/v3/user", trusted: [host]) == .refusedHost)
        #expect(await verdict("https://127.0.0.1:9001/api/v3/user", trusted: [host]) == .refusedHost)
    }

    @Test func `a verdict is remembered for its origin, not for others`() async {
        let policy = NetworkPolicy(trusted: [], allowances: [])
        for _ in 0..<2 {
            await #expect(throws: Upstream.Failure.refusedHost) { try await policy.check("https://127.0.0.1/a") }
            await #expect(throws: Never.self) { try await policy.check("https://8.8.8.8/a") }
            await #expect(throws: Upstream.Failure.refusedHost) { try await policy.check("http://8.8.8.8/a") }
        }
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
