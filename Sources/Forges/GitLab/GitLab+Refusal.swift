// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension GitLab {
    /// What a refusal says, for comparing only: `{"message": …}` with a text, texts, or texts by field, or
    /// `{"error": …, "scope": …}`. https://docs.gitlab.com/api/rest/troubleshooting/
    struct Refusal {
        /// A web page rather than an answer of the API.
        let isPage: Bool
        private let wire: WireRefusal?
        /// Everything that it says, lower-case.
        private let texts: [String]

        init(_ response: Upstream.Response) {
            let type = response.header("Content-Type")?.lowercased() ?? ""
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            isPage = type.hasPrefix("text/html") || first == UInt8(ascii: "<")
            do {
                wire = try JSONDecoder().decode(WireRefusal.self, from: Data(response.body.prefix(1 << 20)))
            } catch {
                // Plain text, nothing at all, or cut off: the status alone has to tell.
                wire = nil
            }
            texts = ((wire?.message?.texts ?? []) + [wire?.error].compactMap(\.self)).map { $0.lowercased() }
        }

        /// The scopes of which the token needs one; nil where the refusal is about something else.
        var wantedScopes: [String]? {
            guard wire?.error == "insufficient_scope" else { return nil }
            let words = (wire?.scope ?? "").split { $0 == " " || $0 == "," }
            return Array(words.compactMap { Quotation.word($0) }.prefix(10))
        }

        /// The fields that a validation complains about, as far as they look like field names.
        var fields: [String] {
            guard case .fields(let fields) = wire?.message else { return [] }
            return Array(fields.keys.sorted().compactMap { Quotation.word($0) }.prefix(5))
        }

        var nameIsTaken: Bool {
            says("has already been taken") || says("already exists")
        }

        var isProtection: Bool {
            says("you are not allowed to ") || says("is protected") || says("protected branch") || says("protected tag")
        }

        /// Somebody pushed between reading and writing.
        var isRace: Bool {
            says("please refresh and try again") || says("has changed since you started editing")
        }

        /// GitLab gives a blob over 10 MB as JSON five times a minute, and says so with the address that it gives it at
        /// any time. https://docs.gitlab.com/api/repository_files/
        var isLargeBlob: Bool { says("over the threshold size") }

        /// What was looked for in vain.
        var missing: Missing {
            let known: [(phrase: String, Missing)] = [
                ("404 project ", .repository), ("404 repository ", .repository), ("404 group ", .namespace),
                ("404 namespace ", .namespace), ("404 user ", .namespace), ("404 branch ", .branch),
                ("404 tag ", .tag), ("404 commit ", .ref), ("404 tree ", .ref), ("404 file ", .file),
                ("404 hook ", .hook),
            ]
            return known.first { says($0.phrase) }?.1 ?? .resource
        }

        private func says(_ phrase: String) -> Bool {
            texts.contains { $0.contains(phrase) }
        }
    }
}

private struct WireRefusal: Decodable {
    let message: WireTexts?
    let error: String?
    let scope: String?

    private enum CodingKeys: String, CodingKey {
        case message, error, scope
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        message = try container.decodeIfPresent(WireTexts.self, forKey: .message)
        error = try container.decodeIfPresent(WireTexts.self, forKey: .error)?.texts.first
        scope = try container.decodeIfPresent(WireTexts.self, forKey: .scope)?.texts.joined(separator: " ")
    }
}

/// Texts in whatever form: GitLab has a text, a list of them, or either by field.
private indirect enum WireTexts: Decodable {
    case text(String)
    case list([WireTexts])
    case fields([String: WireTexts])

    init(from decoder: any Decoder) throws {
        do {
            self = .fields(try [String: WireTexts](from: decoder))
        } catch DecodingError.typeMismatch {
            do {
                self = .list(try [WireTexts](from: decoder))
            } catch DecodingError.typeMismatch {
                do {
                    self = .text(try String(from: decoder))
                } catch DecodingError.typeMismatch {
                    self = .list([])
                }
            }
        }
    }

    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let list): list.flatMap(\.texts)
        case .fields(let fields): fields.values.flatMap(\.texts)
        }
    }
}
