// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a git server shows to whoever wants to push: its refs, and what it is able to do.
/// https://git-scm.com/docs/gitprotocol-http#_smart_clients
struct GitRefAdvertisement: Hashable, Sendable {
    /// Object names by full ref, for example `refs/tags/v1`.
    let refs: [String: String]
    let capabilities: Set<String>

    /// nil for what is no such advertisement of the service `git-receive-pack`.
    init?(_ bytes: [UInt8]) {
        guard let lines = PacketLine.read(bytes), lines.count >= 3, lines[1] == .flush,
            lines[0].text == "# service=git-receive-pack", lines.last == .flush
        else { return nil }
        let body = lines.dropFirst(2).dropLast()
        guard !body.contains(.flush) else { return nil }
        var refs: [String: String] = [:]
        var capabilities: Set<String> = []
        for (index, line) in body.enumerated() {
            // A ref's name need not be UTF-8; such a one is none that anybody asks for.
            guard case .data(let data) = line else { return nil }
            let halves = data.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            if index == 0, halves.count == 2 {
                let words = String(decoding: halves[1], as: UTF8.self).split(whereSeparator: \.isWhitespace)
                capabilities = Set(words.map(String.init))
            }
            let entry = halves.first ?? []
            if entry.starts(with: "shallow ".utf8) || entry.starts(with: "version ".utf8) { continue }
            guard let space = entry.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            let object = String(decoding: entry[..<space], as: UTF8.self)
            guard GitName.isWholeObject(object) else { return nil }
            var name = entry[(space + 1)...]
            if name.last == 0x0A { name.removeLast() }
            // A server that shows a ref twice makes no sense, and is not trusted with a command.
            guard let text = String(validating: name, as: UTF8.self), text.hasPrefix("refs/") else { continue }
            if refs.updateValue(object.lowercased(), forKey: text) != nil { return nil }
        }
        self.refs = refs
        self.capabilities = capabilities
    }
}
