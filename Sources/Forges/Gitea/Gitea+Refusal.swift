// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Gitea {
    /// What a refusal says, for comparing only: `{"message": …}`, with `errors` at some.
    struct Refusal {
        /// A web page rather than an answer of the API.
        let isPage: Bool
        private let isExhausted: Bool
        /// What it says, lower-case.
        private let message: String

        init(_ response: Upstream.Response) {
            let type = response.header("Content-Type")?.lowercased() ?? ""
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            isPage = type.hasPrefix("text/html") || first == UInt8(ascii: "<")
            // Gitea itself has no limits; what stands before it may.
            isExhausted = response.header("Retry-After") != nil || response.header("X-RateLimit-Remaining") == "0"
            do {
                let wire = try JSONDecoder().decode(WireRefusal.self, from: Data(response.body.prefix(1 << 20)))
                message = (wire.message ?? "").lowercased()
            } catch {
                // Plain text, nothing at all, or cut off: the status alone has to tell.
                message = ""
            }
        }

        var isLimit: Bool { isExhausted || message.contains("rate limit") }
        var nameIsTaken: Bool { message.contains("already exists") }
        var isProtection: Bool {
            message.contains("protected") || message.contains("not allowed to")
        }

        /// What was looked for in vain.
        var missing: Missing {
            let known: [(phrase: String, Missing)] = [
                ("branch does not exist", .branch), ("tag does not exist", .tag), ("target not found", .ref),
                ("user does not exist", .namespace), ("org does not exist", .namespace),
            ]
            return known.first { message.contains($0.phrase) }?.1 ?? .resource
        }
    }
}

private struct WireRefusal: Decodable {
    let message: String?
}
