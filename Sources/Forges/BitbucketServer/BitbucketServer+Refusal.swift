// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension BitbucketServer {
    /// What a refusal says, for comparing only: `{"errors": [{"context", "message", "exceptionName"}]}`.
    /// https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/ (errors)
    struct Refusal {
        /// A web page rather than an answer of the API.
        let isPage: Bool
        /// The exceptions' names without their packages, which have changed between versions.
        private let names: [String]
        /// The fields that a validation complains about, as far as they look like field names.
        let fields: [String]

        init(_ response: Upstream.Response) {
            let type = response.header("Content-Type")?.lowercased() ?? ""
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            isPage = type.hasPrefix("text/html") || first == UInt8(ascii: "<")
            var errors: [WireErrors.WireError] = []
            do {
                errors = try JSONDecoder().decode(WireErrors.self, from: Data(response.body.prefix(1 << 20))).errors
            } catch {
                // Nothing at all, plain text, or a document of the container below Bitbucket: the status alone has to tell.
                errors = []
            }
            names = errors.compactMap { $0.exceptionName?.split(separator: ".").last.map(String.init) }
            fields = Array(errors.compactMap { $0.context.flatMap { Quotation.word($0) } }.prefix(5))
        }

        private struct WireErrors: Decodable {
            struct WireError: Decodable {
                let context: String?
                let exceptionName: String?
            }

            let errors: [WireError]
        }

        /// The user is known, and may not do it. Bitbucket has 401 for it, as for a credential that is none.
        var isForbidden: Bool { has("AuthorisationException") }
        var isUnlicensed: Bool { has("NoAccessAuthenticationException") }
        var isCaptcha: Bool { names.contains { $0.lowercased().contains("captcha") } }
        var nameIsTaken: Bool { has("DuplicateRefException") || names.contains { $0.contains("AlreadyExists") } }
        /// A hook of the server's, among them those behind branch permissions, is against it.
        var isVeto: Bool { names.contains { $0.contains("Veto") } }
        var isReadOnly: Bool { names.contains { $0.contains("Archived") || $0.contains("ReadOnly") } }
        var isUnchanged: Bool { has("FileContentUnmodifiedException") }
        var isBadName: Bool { has("InvalidRefNameException") }

        /// What was looked for in vain.
        var missing: Missing {
            let known: [(name: String, Missing)] = [
                ("NoSuchProjectException", .namespace), ("NoSuchUserException", .namespace),
                ("NoSuchRepositoryException", .repository), ("NoSuchBranchException", .branch),
                ("NoSuchTagException", .tag), ("NoSuchCommitException", .ref), ("NoSuchObjectException", .ref),
                ("NoSuchRefException", .ref), ("NoDefaultBranchException", .ref), ("NoSuchPathException", .file),
                ("NoSuchWebhookException", .hook),
            ]
            return known.first { has($0.name) }?.1 ?? .resource
        }

        private func has(_ name: String) -> Bool { names.contains(name) }
    }
}
