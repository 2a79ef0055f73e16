// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What a push wants to change, read from the head of its request, and the answer where that is refused.
/// https://git-scm.com/docs/pack-protocol#_reference_update_request_and_packfile_transfer
struct GitLabPush: Sendable {
    let changes: [GitLabRefChange]
    private let capabilities: Set<Substring>

    /// - Parameter body: the request's; nothing else of it is looked at than its first lines.
    init(_ body: [UInt8]) {
        var changes: [GitLabRefChange] = []
        var capabilities: Set<Substring> = []
        var rest = body[...]
        // Each line has four hexadecimal digits before it that count it and themselves; `0000` ends them.
        while rest.count >= 4, let length = Int(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16),
            length > 4, length <= rest.count
        {
            let line = String(decoding: rest.prefix(length).dropFirst(4), as: UTF8.self)
            rest = rest.dropFirst(length)
            let halves = line.split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { capabilities = Set(halves[1].split(whereSeparator: \.isWhitespace)) }
            let words = (halves.first ?? "").split(separator: " ", maxSplits: 2)
            guard words.count == 3 else { continue }
            let isNew = words[0].allSatisfy { $0 == "0" }
            let isGone = words[1].allSatisfy { $0 == "0" }
            let name = words[2].split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            changes.append(
                GitLabRefChange(
                    name: name, kind: isGone ? .deletion : isNew ? .creation : .update, isFromAPI: false))
        }
        self.changes = changes
        self.capabilities = capabilities
    }

    /// The whole push is declined, as by a hook before anything is received.
    func refusal(_ sentence: String) -> Response {
        var report = Self.line("unpack ok\n")
        for change in changes { report += Self.line("ng \(change.name) pre-receive hook declined\n") }
        report += Array("0000".utf8)
        if capabilities.contains("side-band-64k") {
            // Band 1 is the report, band 2 what the client shows after `remote:`. No line is longer than 65520 bytes.
            var bands = Self.line([2] + Array("GitLab: \(sentence)\n".utf8))
            while !report.isEmpty {
                bands += Self.line([1] + report.prefix(60_000))
                report.removeFirst(min(report.count, 60_000))
            }
            report = bands + Array("0000".utf8)
        }
        return .bytes(
            report, type: "application/x-git-receive-pack-result", headers: [.cacheControl: "no-cache"])
    }

    private static func line(_ text: String) -> [UInt8] { line(Array(text.utf8)) }

    private static func line(_ bytes: [UInt8]) -> [UInt8] {
        let digits = String(bytes.count + 4, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.count) + digits).utf8) + bytes
    }
}
