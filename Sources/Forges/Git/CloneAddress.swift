// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Where an address for cloning leads: to a host, and to a path there.
///
/// Four forms are understood: `https://host/path`, `http://…`, `ssh://…` and git's short one, `user@host:path`; each with or
/// without a user part, `.git` and a slash at the end. What the user part holds is forgotten at once: it may be a
/// password.
/// https://git-scm.com/docs/git-clone#_git_urls
struct CloneAddress: Hashable, Sendable {
    enum Transport: Hashable, Sendable {
        case http
        case https
        case ssh
    }

    let transport: Transport
    /// Lower-case; an IPv6 address without its brackets.
    let host: String
    /// nil where the address names none.
    let port: Int?
    /// The path's parts, decoded, the last one without `.git`. At least one; none empty, `.` or `..`.
    let path: [String]

    /// nil for what is none of the four forms.
    init?(_ text: String) {
        guard (1...2048).contains(text.utf8.count), !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            return nil
        }
        if text.contains("://") {
            guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host(),
                url.query() == nil, url.fragment() == nil
            else { return nil }
            switch scheme {
            case "http": transport = .http
            case "https": transport = .https
            case "ssh": transport = .ssh
            default: return nil
            }
            self.host = Self.plain(host)
            port = url.port
            guard let parts = Self.parts(url.path(percentEncoded: false)) else { return nil }
            path = parts
        } else {
            let afterUser = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
            let colon: Substring.Index?
            if afterUser.hasPrefix("["), let bracket = afterUser.firstIndex(of: "]") {
                let next = afterUser.index(after: bracket)
                colon = next < afterUser.endIndex && afterUser[next] == ":" ? next : nil
            } else {
                colon = afterUser.firstIndex(of: ":")
            }
            guard let colon, let parts = Self.parts(String(afterUser[afterUser.index(after: colon)...])) else {
                return nil
            }
            transport = .ssh
            host = Self.plain(String(afterUser[..<colon]))
            port = nil
            path = parts
        }
        guard !host.isEmpty, !host.utf8.contains(UInt8(ascii: "/")) else { return nil }
    }

    /// Whether the address is one of this host: the host's name is that of its pages (or with `www.` or `ssh.` before it), and
    /// over HTTP the port is, too. An address without a port fits any host without one, be it http or https.
    func belongs(to host: ForgeHost) -> Bool {
        guard let pages = Origin(host.pages) else { return false }
        let name = Self.plain(pages.host)
        guard [name, "www." + name, "ssh." + name].contains(self.host) else { return false }
        switch transport {
        case .ssh: return true
        case .http: return port ?? (pages.isUsualPort ? pages.port : 80) == pages.port
        case .https: return port ?? (pages.isUsualPort ? pages.port : 443) == pages.port
        }
    }

    private static func plain(_ host: String) -> String {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        return name.lowercased()
    }

    private static func parts(_ path: String) -> [String]? {
        var parts = path.pathParts
        if parts.first == "" { parts.removeFirst() }
        if parts.last == "" { parts.removeLast() }
        guard let last = parts.popLast() else { return nil }
        parts.append(
            last.utf8.suffix(4).elementsEqual(".git".utf8)
                ? String(decoding: last.utf8.dropLast(4), as: UTF8.self) : last)
        let sound = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && !part.utf8.contains { $0 <= 0x20 || $0 == 0x7F }
        }
        return sound ? parts : nil
    }
}
