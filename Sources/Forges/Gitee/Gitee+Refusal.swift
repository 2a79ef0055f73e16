// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Gitee {
    /// What a refusal says, for comparing only: `{"message": …}`, `{"messages": […]}`, or `{"error": …}` with a text or
    /// with texts by field. In English or in Chinese, as the server is set up.
    struct Refusal {
        /// A web page rather than an answer of the API.
        let isPage: Bool
        private let status: Int
        private let isExhausted: Bool
        /// Everything that it says, lower-case.
        private let texts: [String]

        init(_ response: Upstream.Response) {
            status = response.status
            let type = response.header("Content-Type")?.lowercased() ?? ""
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            isPage = type.hasPrefix("text/html") || first == UInt8(ascii: "<")
            isExhausted =
                response.header("Retry-After") != nil || response.header("X-RateLimit-Remaining") == "0"
            do {
                let wire = try JSONDecoder().decode(WireTexts.self, from: Data(response.body.prefix(1 << 20)))
                texts = wire.texts.map { $0.lowercased() }
            } catch {
                // Plain text, as git's answers are, nothing at all, or cut off: the status alone has to tell.
                texts = []
            }
        }

        var isLimit: Bool { isExhausted || says("rate limit") || says("too many requests") }

        var nameIsTaken: Bool {
            says("already exist") || says("has already been taken") || says("已存在") || says("已经存在")
        }

        var isProtection: Bool {
            says("protected branch") || says("protected tag") || says("is protected") || says("保护分支")
        }

        /// What was looked for in vain.
        var missing: Missing {
            let known: [(phrase: String, Missing)] = [
                ("404 project ", .repository), ("404 repository ", .repository), ("404 group ", .namespace),
                ("404 user ", .namespace), ("404 enterprise ", .namespace), ("404 branch ", .branch),
                ("404 tag ", .tag), ("404 commit ", .ref), ("404 tree ", .ref), ("404 file ", .file),
                ("404 hook ", .hook), ("404 webhook ", .hook),
            ]
            return known.first { says($0.phrase) }?.1 ?? .resource
        }

        private func says(_ phrase: String) -> Bool {
            texts.contains { $0.contains(phrase) }
        }
    }
}

/// All texts of a JSON value, wherever they stand in it.
private indirect enum WireTexts: Decodable {
    case text(String)
    case list([WireTexts])
    case other

    init(from decoder: any Decoder) throws {
        do {
            self = .list(Array(try [String: WireTexts](from: decoder).values))
        } catch DecodingError.typeMismatch {
            do {
                self = .list(try [WireTexts](from: decoder))
            } catch DecodingError.typeMismatch {
                do {
                    self = .text(try String(from: decoder))
                } catch DecodingError.typeMismatch {
                    self = .other
                }
            }
        }
    }

    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let list): list.flatMap(\.texts)
        case .other: []
        }
    }
}
