// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a git server says has come of a push of one ref.
/// https://git-scm.com/docs/gitprotocol-pack#_report_status
enum GitPushReport: Hashable, Sendable {
    case done
    /// The server's own words: for comparing only.
    case refused(String)

    /// nil for what is no report about this ref.
    init?(_ bytes: [UInt8], ref: String) {
        guard let lines = PacketLine.read(bytes), lines.last == .flush, !lines.dropLast().contains(.flush) else {
            return nil
        }
        let texts = lines.dropLast().map(\.text)
        guard let first = texts.first, let unpack = first, unpack.hasPrefix("unpack ") else { return nil }
        guard unpack == "unpack ok" else {
            self = .refused(String(unpack.dropFirst("unpack ".count)))
            return
        }
        for case let text? in texts.dropFirst() {
            if text == "ok " + ref {
                self = .done
                return
            }
            if text == "ng " + ref || text.hasPrefix("ng " + ref + " ") {
                self = .refused(String(text.dropFirst("ng ".count + ref.count)))
                return
            }
        }
        return nil
    }
}
