// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

@testable import Forges

extension Parser {
    /// No two readers see two hosts in one address, and what is stored of a host is read back as that host.
    static func host(_ input: [UInt8]) throws -> Bool {
        let text = String(wire: input)
        let address = IPAddress(text)
        if let address {
            try hold(IPAddress(address.text) == address, "an address that is written is not the same when read again")
            let isReserved = IPNetwork.reserved.contains { $0.contains(address) }
            try hold(!(address.isPublic && isReserved), "a reserved address counts as a public one")
        }
        let network = IPNetwork(text)
        if let network {
            try hold(network.contains(network.address), "a network does not hold its own address")
            try hold((0...128).contains(network.prefix), "a network's prefix is longer than an address")
        }
        _ = NetworkPolicy.Allowance(text)
        guard let origin = Origin(text) else {
            return try hosts(text, nil) || address != nil || network != nil
        }
        try hold(Origin(origin.address) == origin, "an origin that is written is not the same when read again")
        try hold(isHost(origin.host), "a host has characters that no host has")
        // As a reader with no mercy sees it: what stands between the slashes and the next one.
        let authority = text.utf8.drop { $0 != 0x2F }.dropFirst(2).prefix { !"/?#\\".utf8.contains($0) }
        let plain = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        let shown = String(wire: Array(authority)).lowercased()
        try hold(
            shown == plain || shown.hasPrefix(plain + ":"), "another reader sees another host: \(shown), not \(plain)")
        return try hosts(text, origin)
    }

    private static func hosts(_ text: String, _ origin: Origin?) throws -> Bool {
        guard !text.isEmpty else { return false }
        for forge in ForgeID.allCases {
            let hosts: [ForgeHost]
            do {
                hosts = try ForgeHost.candidates(forge, address: text)
            } catch {
                try hold(error.code == .invalidRequest, "a host is refused with \(error.code)")
                continue
            }
            try hold(!hosts.isEmpty, "an address is taken and means no host")
            for host in hosts {
                let official = ForgeHost.official(forge)
                try hold(
                    ForgeHost(forge, stored: host.shown) == host,
                    "\(host.shown) is read back as another host than \(host.api)")
                for address in [host.pages, host.api] where host != official {
                    guard let found = Origin(address) else {
                        throw Broken(description: "a host is made that has no origin: \(address)")
                    }
                    try hold(
                        found == origin || isHostOf(forge, found, official),
                        "a host is another one than the address names: \(address)")
                    try hold(!hasDots(address), "a host's path has a part . or ..: \(address)")
                }
            }
        }
        return origin != nil
    }

    /// Names of one company: GitHub's API has a host of its own, and so have the regions of CodeArts.
    private static func isHostOf(_ forge: ForgeID, _ found: Origin, _ official: ForgeHost) -> Bool {
        switch forge {
        case .github: found.scheme == "https" && found.host.hasSuffix(".ghe.com")
        case .devcloud: found.scheme == "https" && found.host.hasSuffix(".myhuaweicloud.com")
        default: false
        }
    }

    private static func isHost(_ host: String) -> Bool {
        !host.isEmpty
            && host.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || "-_.:".utf8.contains($0)
            }
    }

    /// As a server sees it that decodes a path before it splits it.
    private static func hasDots(_ address: String) -> Bool {
        address.utf8.percentDecoded.split(separator: 0x2F).contains {
            $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
        }
    }

    /// An address for cloning leads to a host and a path there, and names do not lead out of theirs.
    static func clone(_ input: [UInt8]) throws -> Bool {
        let text = String(wire: input)
        if GitName.isPath(text) {
            try holdsParts(text.bytes.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init))
            try hold(!text.utf8.contains(0), "a path in git has a NUL")
        }
        if GitName.isRef(text) {
            // https://git-scm.com/docs/git-check-ref-format
            let parts = text.bytes.split(separator: 0x2F, omittingEmptySubsequences: false)
            try holdsParts(parts.map(Array.init))
            for part in parts {
                try hold(part.first != 0x2E, "a ref's part begins with a dot")
                try hold(Array(part.suffix(5)) != Array(".lock".utf8), "a ref's part ends with .lock")
            }
            let pairs = zip(text.utf8, text.utf8.dropFirst())
            try hold(!pairs.contains { $0 == 0x2E && $1 == 0x2E }, "a ref has two dots")
            try hold(!pairs.contains { $0 == 0x40 && $1 == 0x7B }, "a ref has @{")
        }
        guard let address = CloneAddress(text) else { return false }
        try holdsParts(address.path.map(\.bytes))
        try hold(!address.path.isEmpty && !address.host.isEmpty, "an address for cloning has no path or no host")
        try hold(!address.path.contains { $0.utf8.contains(0x2F) }, "a part of an address holds a slash")
        let scheme =
            switch address.transport {
            case .http: "http"
            case .https: "https"
            case .ssh: "ssh"
            }
        let host = address.host.utf8.contains(0x3A) ? "[\(address.host)]" : address.host
        let path = address.path.map(\.percentEncoded).joined(separator: "/")
        let written = "\(scheme)://\(host)\(address.port.map { ":\($0)" } ?? "")/\(path).git"
        // git's short form allows hosts that no address has.
        if written.utf8.count <= 2048, Origin("https://\(host)")?.host == address.host {
            try hold(
                CloneAddress(written) == address,
                "an address that is written is not the same when read again: \(written)")
        }
        for forge in ForgeID.allCases { _ = address.belongs(to: .official(forge)) }
        return true
    }

    private static func holdsParts(_ parts: [[UInt8]]) throws {
        for part in parts {
            try hold(
                !["", ".", ".."].contains { part.elementsEqual($0.utf8) }, "a path has an empty part, '.' or '..'")
        }
    }
}
