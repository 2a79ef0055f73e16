// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

@testable import Forges

/// Answers of a git server over smart HTTP, as tests need them.
enum GitWire {
    static let object = String(repeating: "c", count: 40)
    static let capabilities =
        "report-status report-status-v2 delete-refs side-band-64k quiet ofs-delta agent=git/2.39.5"

    /// One line, counted.
    static func line(_ text: String) -> [UInt8] {
        let digits = String(text.utf8.count + 4, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.utf8.count) + digits + text).utf8)
    }

    static func advertisement(
        _ refs: [String], capabilities: String = capabilities, object: String = object
    ) -> Upstream.Response {
        var body = line("# service=git-receive-pack\n") + Array("0000".utf8)
        if refs.isEmpty { body += line("\(String(repeating: "0", count: 40)) capabilities^{}\0\(capabilities)\n") }
        for (index, ref) in refs.enumerated() {
            body += line("\(object) \(ref)" + (index == 0 ? "\0" + capabilities : "") + "\n")
        }
        return Upstream.Response(
            status: 200, headers: [Upstream.Header("Content-Type", "application/x-git-receive-pack-advertisement")],
            body: body + Array("0000".utf8))
    }

    static func report(_ lines: [String]) -> Upstream.Response {
        Upstream.Response(
            status: 200, headers: [Upstream.Header("Content-Type", "application/x-git-receive-pack-result")],
            body: lines.flatMap(line) + Array("0000".utf8))
    }
}
