// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Bitbucket {
    /// What a refusal says, for comparing only: `{"type": "error", "error": {"message", "detail", "fields"}}`, where `detail` is a text
    /// or, for a missing scope, an object. https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses
    struct Refusal {
        /// A web page rather than an answer of the API. An empty body may well be called `text/html`.
        let isPage: Bool
        /// In Bitbucket's own form, or empty.
        let isWhole: Bool
        private let error: WireError?
        private let said: String

        init(_ response: Upstream.Response) {
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            let type = response.header("Content-Type")?.lowercased() ?? ""
            isPage = first == UInt8(ascii: "<") || (first != nil && type.hasPrefix("text/html"))
            do {
                error = try JSONDecoder().decode(WireRefusal.self, from: Data(response.body.prefix(1 << 20))).error
            } catch {
                // Plain text, nothing at all, or cut off: the status alone has to tell.
                self.error = nil
            }
            isWhole = error != nil || first == nil
            said = [error?.message, error?.detail?.text].compactMap(\.self).joined(separator: "\n").lowercased()
        }

        var lacksScope: Bool {
            error?.detail?.required?.isEmpty == false || says("lack one or more required privilege scopes")
        }

        /// The scopes that the call wants and the credential may lack.
        var wantedScopes: [String] {
            let granted = Set(error?.detail?.granted ?? [])
            let wanted = error?.detail?.required ?? []
            let lacking = wanted.filter { !granted.contains($0) }
            return Array((lacking.isEmpty ? wanted : lacking).compactMap { Quotation.word($0) }.prefix(10))
        }

        /// Access tokens of repositories, projects and workspaces are refused what belongs to an account, and cannot have its scope.
        var isAboutTheKindOfToken: Bool {
            says("not accessible by this authentication mechanism") || error?.detail?.required == ["account"]
        }

        /// The fields that a validation complains about, as far as they look like field names.
        var fields: [String] {
            Array((error?.fields ?? []).sorted().compactMap { Quotation.word($0) }.prefix(5))
        }

        var nameIsTaken: Bool { says("already exists") || says("already have a repository with this name") }

        /// Some calls say so with 400.
        var isAboutRights: Bool {
            says("permission") || says("privilege") || says("branch restriction") || says("write access")
        }

        /// What was looked for in vain.
        var missing: Missing {
            let known: [(phrase: String, Missing)] = [
                ("no such file or directory", .file), ("repository ", .repository), ("workspace", .workspace),
                ("branch ", .branch), ("tag ", .tag), ("commit not found", .ref), ("webhook", .hook),
            ]
            return known.first { says($0.phrase) }?.1 ?? .resource
        }

        private func says(_ phrase: String) -> Bool { said.contains(phrase) }
    }
}

private struct WireRefusal: Decodable {
    let error: WireError?
}

private struct WireError: Decodable {
    let message: String?
    let detail: WireDetail?
    /// Names only.
    let fields: [String]?

    private enum CodingKeys: String, CodingKey {
        case message, detail, fields
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        message = try container.decodeIfPresent(String.self, forKey: .message)
        detail = try container.decodeIfPresent(WireDetail.self, forKey: .detail)
        fields = try container.decodeIfPresent([String: Ignored].self, forKey: .fields).map { Array($0.keys) }
    }

    private struct Ignored: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

/// A text, or the scopes that were wanted and those that were there.
private struct WireDetail: Decodable {
    private(set) var text: String?
    private(set) var required: [String]?
    private(set) var granted: [String]?

    private enum CodingKeys: String, CodingKey {
        case required, granted
    }

    init(from decoder: any Decoder) throws {
        do {
            text = try decoder.singleValueContainer().decode(String.self)
        } catch DecodingError.typeMismatch {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            required = try container.decodeIfPresent([String].self, forKey: .required)
            granted = try container.decodeIfPresent([String].self, forKey: .granted)
        }
    }
}
