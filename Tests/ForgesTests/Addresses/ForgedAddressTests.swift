// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

/// The known ways to make a server send its requests to where its callers cannot go (server-side request forgery).
struct ForgedAddressTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let trick: String
        let address: String

        init(_ trick: String, _ address: String) {
            self.trick = trick
            self.address = address
        }

        var testDescription: String { "\(trick): \(address)" }
    }

    /// What the world's name servers say. A name that ends in the address that it leads to may be had by anybody.
    private static let names: [String: [[String]]] = [
        "localhost": [["127.0.0.1", "::1"]], "ip6-localhost": [["::1"]],
        "https": [["127.0.0.1"]], "localhost.localdomain": [["127.0.0.1"]], "127.0.0.1.nip.example": [["127.0.0.1"]],
        "169-254-169-254.sslip.example": [["169.254.169.254"]], "metadata.google.internal": [["169.254.169.254"]],
        "metadata": [["169.254.169.254"]], "instance-data": [["169.254.169.254"]],
        "intranet.mill.example": [["10.20.30.40"]], "printer.local": [["192.168.178.20"]],
        "six.mill.example": [["::1"]], "ula.mill.example": [["fd00:ec2::254"]],
        "mapped.mill.example": [["::ffff:10.0.0.1"]], "nat64.mill.example": [["64:ff9b::a9fe:a9fe"]],
        "mixed.mill.example": [["8.8.8.8", "10.0.0.1"]], "mixed6.mill.example": [["8.8.8.8", "::1"]],
        "last.mill.example": [["2606:4700::1111", "8.8.8.8", "169.254.169.254"]],
        "zero.mill.example": [["0.0.0.0"]], "xn--lcalhost-54a.example": [["127.0.0.1"]],
        "good.mill.example": [["8.8.8.8"]], "two.mill.example": [["8.8.8.8", "2606:4700::1111"]],
        "nat64-good.mill.example": [["64:ff9b::808:808"]], "xn--mhle-0ra.example": [["1.1.1.1"]],
        "under_score.mill.example": [["1.1.1.1"]], "127.0.0.1.mill.example": [["1.1.1.1"]],
        "1e100.example": [["1.1.1.1"]], "0x7f.0x1.mill.example": [["1.1.1.1"]],
    ]

    static let tricks: [Row] = [
        // Loopback, in all its spellings.
        Row("loopback", "https://127.0.0.1/"),
        Row("another address of loopback", "https://127.8.7.6/"),
        Row("two parts", "https://127.1/"),
        Row("three parts", "https://127.0.1/"),
        Row("one decimal number", "https://2130706433/"),
        Row("one decimal number that overflows into loopback", "https://6425673729/"),
        Row("one hexadecimal number", "https://0x7f000001/"),
        Row("hexadecimal in capitals", "https://0X7F000001/"),
        Row("a hexadecimal number of nothing", "https://0x/"),
        Row("one octal number", "https://017700000001/"),
        Row("octal parts", "https://0177.0.0.1/"),
        Row("octal parts with more zeros", "https://0000177.0000.0000.0001/"),
        Row("hexadecimal parts", "https://0x7f.0x0.0x0.0x1/"),
        Row("parts of several kinds", "https://0x7f.0.1/"),
        Row("a decimal part with a zero in front", "https://127.0.0.01/"),
        Row("a part too large", "https://127.0.0.257/"),
        Row("five parts", "https://127.0.0.0.1/"),
        Row("a dot at the end of an address", "https://127.0.0.1./"),
        Row("nothing but zero", "https://0/"),
        Row("the unspecified address", "https://0.0.0.0/"),
        Row("the unspecified address of IPv6", "https://[::]/"),
        Row("loopback of IPv6", "https://[::1]/"),
        Row("loopback of IPv6 in full", "https://[0000:0000:0000:0000:0000:0000:0000:0001]/"),
        Row("IPv6 without brackets", "https://::1/"),
        Row("half a bracket", "https://[::1/"),
        Row("IPv4 in brackets", "https://[127.0.0.1]/"),
        Row("mapped IPv4", "https://[::ffff:127.0.0.1]/"),
        Row("mapped IPv4 in hexadecimal", "https://[::ffff:7f00:1]/"),
        Row("compatible IPv4", "https://[::127.0.0.1]/"),
        Row("translated IPv4 (SIIT)", "https://[::ffff:0:127.0.0.1]/"),
        Row("NAT64 to loopback", "https://[64:ff9b::127.0.0.1]/"),
        Row("NAT64 to metadata", "https://[64:ff9b::a9fe:a9fe]/"),
        Row("NAT64 within one network", "https://[64:ff9b:1::a00:1]/"),
        Row("6to4 to loopback", "https://[2002:7f00:1::1]/"),
        Row("6to4 to anywhere", "https://[2002:808:808::1]/"),
        Row("Teredo", "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/"),
        Row("ISATAP", "https://[2606:4700::5efe:7f00:1]/"),
        Row("ORCHID", "https://[2001:10::1]/"),
        Row("ORCHIDv2", "https://[2001:20::1]/"),
        Row("a zone", "https://[fe80::1%25eth0]/"),
        Row("a zone, not encoded", "https://[fe80::1%eth0]/"),
        Row("a zone of loopback", "https://[::1%25lo]/"),
        // Networks that are nobody's or everybody's.
        Row("10/8", "https://10.0.0.1/"),
        Row("172.16/12", "https://172.31.255.254/"),
        Row("192.168/16", "https://192.168.0.1/"),
        Row("CGNAT", "https://100.64.0.1/"),
        Row("link-local", "https://169.254.1.1/"),
        Row("link-local of IPv6", "https://[fe80::1]/"),
        Row("site-local of IPv6", "https://[fec0::1]/"),
        Row("unique local of IPv6", "https://[fc00::1]/"),
        Row("benchmarking", "https://198.18.0.1/"),
        Row("benchmarking of IPv6", "https://[2001:2::1]/"),
        Row("documentation", "https://203.0.113.7/"),
        Row("documentation of IPv6", "https://[2001:db8::1]/"),
        Row("multicast", "https://224.0.0.251/"),
        Row("multicast of IPv6", "https://[ff02::1]/"),
        Row("broadcast", "https://255.255.255.255/"),
        Row("reserved", "https://240.0.0.1/"),
        Row("IETF's own", "https://192.0.0.8/"),
        Row("discard-only of IPv6", "https://[100::1]/"),
        // Where clouds tell a machine its secrets.
        Row("metadata of AWS, Azure, Google, Huawei", "https://169.254.169.254/latest/meta-data/"),
        Row("metadata in decimal", "https://2852039166/"),
        Row("metadata in hexadecimal", "https://0xa9fea9fe/"),
        Row("metadata in octal", "https://0251.0376.0251.0376/"),
        Row("metadata in three parts", "https://169.254.43518/"),
        Row("metadata, mapped", "https://[::ffff:a9fe:a9fe]/"),
        Row("metadata of AWS over IPv6", "https://[fd00:ec2::254]/"),
        Row("metadata of Google over IPv6", "https://[fd20:ce::254]/"),
        Row("metadata of containers at AWS", "https://169.254.170.2/"),
        Row("metadata of Alibaba", "https://100.100.100.200/"),
        Row("metadata of Oracle", "https://192.0.0.192/"),
        Row("the host of Azure's machines", "https://168.63.129.16/"),
        Row("metadata by its name", "https://metadata.google.internal/computeMetadata/v1/"),
        Row("metadata by a short name", "https://metadata/"),
        Row("metadata by another short name", "https://instance-data/latest/"),
        // Names that lead there.
        Row("a name of loopback", "https://localhost/"),
        Row("in capitals", "https://LocalHost/"),
        Row("with a dot at its end", "https://localhost./"),
        Row("a longer name of loopback", "https://localhost.localdomain/"),
        Row("loopback by its name of IPv6", "https://ip6-localhost/"),
        Row("a name that holds its address", "https://127.0.0.1.nip.example/"),
        Row("a name that holds metadata's address", "https://169-254-169-254.sslip.example/"),
        Row("a private name", "https://intranet.mill.example/"),
        Row("a name of the local link", "https://printer.local/"),
        Row("a name of loopback of IPv6", "https://six.mill.example/"),
        Row("a name of a unique local address", "https://ula.mill.example/"),
        Row("a name of a mapped address", "https://mapped.mill.example/"),
        Row("a name of NAT64 to metadata", "https://nat64.mill.example/"),
        Row("a name of the unspecified address", "https://zero.mill.example/"),
        Row("a name in Punycode", "https://xn--lcalhost-54a.example/"),
        Row("one good address of two", "https://mixed.mill.example/"),
        Row("one good address of two, IPv6", "https://mixed6.mill.example/"),
        Row("two good addresses of three", "https://last.mill.example/"),
        Row("an empty label", "https://good..mill.example/"),
        Row("a dot in front", "https://.good.mill.example/"),
        Row("a dot at the end of a good name", "https://good.mill.example./"),
        // What two readers read as two hosts.
        Row("a user", "https://good.mill.example@127.0.0.1/"),
        Row("a user and a password", "https://good.mill.example:443@127.0.0.1/"),
        Row("a user of a good host", "https://127.0.0.1@good.mill.example/"),
        Row("an empty user", "https://@good.mill.example/"),
        Row("two users", "https://a@127.0.0.1@good.mill.example/"),
        Row("an encoded @", "https://good.mill.example%40127.0.0.1/"),
        Row("a backslash", "https://good.mill.example\\@127.0.0.1/"),
        Row("a backslash for a slash", "https:\\\\127.0.0.1/"),
        Row("a number sign in the user", "https://127.0.0.1#@good.mill.example/"),
        Row("a question mark in the user", "https://127.0.0.1?@good.mill.example/"),
        Row("an encoded NUL", "https://good.mill.example%00.127.0.0.1/"),
        Row("a NUL", "https://good.mill.example\u{0}.127.0.0.1/"),
        Row("a line end", "https://good.mill.example\r\nHost:127.0.0.1/"),
        Row("a tab within", "https://127.0.\t0.1/"),
        Row("a space in front", " https://127.0.0.1/"),
        Row("a space in the host", "https://good.mill.example 127.0.0.1/"),
        Row("two hosts", "https://good.mill.example,127.0.0.1/"),
        Row("a semicolon", "https://good.mill.example;127.0.0.1/"),
        Row("two ports", "https://good.mill.example:443:80/"),
        Row("no host", "https:///127.0.0.1/"),
        Row("no slashes", "https:127.0.0.1/"),
        Row("one slash", "https:/127.0.0.1/"),
        Row("no scheme", "//127.0.0.1/"),
        // Encodings and other people's letters.
        Row("encoded digits", "https://%31%32%37.0.0.1/"),
        Row("encoded dots", "https://127%2E0%2E0%2E1/"),
        Row("encoded twice", "https://%2531%2532%2537.0.0.1/"),
        Row("an encoded letter", "https://local%68ost/"),
        Row("digits in circles", "https://①②⑦.⓪.⓪.①/"),
        Row("full-width digits", "https://１２７.０.０.１/"),
        Row("Arabic digits", "https://١٢٧.٠.٠.١/"),
        Row("an ideographic full stop", "https://127。0。0。1/"),
        Row("a full-width full stop", "https://127．0．0．1/"),
        Row("a half-width ideographic full stop", "https://127｡0｡0｡1/"),
        Row("letters in circles", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/"),
        Row("full-width letters", "https://ｌｏｃａｌｈｏｓｔ/"),
        Row("a long s", "https://localhoſt/"),
        Row("a soft hyphen", "https://local\u{AD}host/"),
        Row("a joiner of no width", "https://local\u{200D}host/"),
        Row("a letter that becomes a slash", "https://good.mill.example／.127.0.0.1/"),
        Row("a letter that becomes a question mark", "https://127.0.0.1？.good.mill.example/"),
        Row("a name of other letters", "https://mühle.example/"),
        // Other schemes and services.
        Row("plain http", "http://good.mill.example/"),
        Row("plain http to the port of TLS", "http://good.mill.example:443/"),
        Row("a file", "file:///etc/passwd"),
        Row("gopher", "gopher://127.0.0.1:6379/_FLUSHALL"),
        Row("dict", "dict://127.0.0.1:11211/stats"),
        Row("ftp", "ftp://good.mill.example/"),
        Row("ldap", "ldap://127.0.0.1/"),
        Row("data", "data:text/plain,x"),
        Row("a Unix socket", "unix:///var/run/docker.sock"),
        Row("a Unix socket with TLS", "https+unix://%2Fvar%2Frun%2Fdocker.sock/"),
        Row("jar", "jar:https://127.0.0.1!/"),
        Row("a scheme twice", "https://https://127.0.0.1/"),
        Row("port 0", "https://good.mill.example:0/"),
        Row("the port of SSH", "https://good.mill.example:22/"),
        Row("the port of mail", "https://good.mill.example:25/"),
        Row("the port of names", "https://good.mill.example:53/"),
        Row("the port of mail with TLS", "https://good.mill.example:465/"),
        Row("the port of directories with TLS", "https://good.mill.example:636/"),
        Row("the port of mailboxes with TLS", "https://good.mill.example:993/"),
        Row("the port of X11", "https://good.mill.example:6000/"),
        Row("the port of chats", "https://good.mill.example:6667/"),
        Row("a port that overflows to 22", "https://good.mill.example:65558/"),
        Row("a negative port", "https://good.mill.example:-1/"),
        Row("a port of letters", "https://good.mill.example:https/"),
    ]

    static let good: [Row] = [
        Row("a name", "https://good.mill.example/"),
        Row("a name with a path and a query", "https://good.mill.example/a/%2e%2e?u=https://127.0.0.1/#x"),
        Row("a name in capitals", "HTTPS://Good.Mill.Example"),
        Row("the port that is meant anyway", "https://good.mill.example:443/"),
        Row("a high port", "https://good.mill.example:8443/"),
        Row("another high port", "https://good.mill.example:3000/"),
        Row("the highest port", "https://good.mill.example:65535/"),
        Row("addresses of both kinds", "https://two.mill.example/"),
        Row("a public address by NAT64", "https://nat64-good.mill.example/"),
        Row("an address", "https://8.8.8.8/"),
        Row("an address of IPv6", "https://[2606:4700::1111]:8443/x"),
        Row("a mapped public address", "https://[::ffff:8.8.8.8]/"),
        Row("Punycode", "https://xn--mhle-0ra.example/"),
        Row("an underscore", "https://under_score.mill.example/"),
        Row("a name that begins like an address", "https://127.0.0.1.mill.example/"),
        Row("a name that begins with a digit", "https://1e100.example/"),
        Row("a name that begins like a number", "https://0x7f.0x1.mill.example/"),
    ]

    private func verdict(_ row: Row) async -> Upstream.Failure? {
        let policy = NetworkPolicy(names: StubNames(Self.names))
        do throws(Upstream.Failure) {
            _ = try await policy.route(to: row.address)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: tricks)
    func `a known trick to reach what is private is refused`(row: Row) async {
        #expect(await verdict(row) == .refusedHost)
    }

    @Test(arguments: good)
    func `a good host is accepted`(row: Row) async {
        #expect(await verdict(row) == nil)
    }

    /// A way to the host of an authorization: what a caller names goes through here first.
    @Test(arguments: tricks)
    func `no trick becomes a forge that is reached`(row: Row) async {
        let policy = NetworkPolicy(names: StubNames(Self.names))
        for forge in ForgeID.allCases {
            let hosts: [ForgeHost]
            do throws(ForgeError) {
                hosts = try ForgeHost.candidates(forge, address: row.address)
            } catch {
                continue
            }
            for host in hosts where host != .official(forge) {
                await #expect(throws: Upstream.Failure.refusedHost, "\(forge)") {
                    _ = try await policy.route(to: host.api)
                }
            }
        }
    }

    @Test func `the table is long, and no row stands in it twice`() {
        #expect(Self.tricks.count >= 60)
        #expect(Set((Self.tricks + Self.good).map(\.address)).count == Self.tricks.count + Self.good.count)
    }
}
