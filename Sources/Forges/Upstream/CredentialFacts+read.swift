// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What adapters read of what forges tell of credentials. What makes no sense is passed over: it must not stand against a
/// credential that was just proved.
extension CredentialFacts {
    private static let scopeLimit = 100

    /// The scopes of a header or list, as far as they look like scopes: at most 100 words.
    static func scopes(_ words: some Sequence<some StringProtocol>) -> [String] {
        Array(words.lazy.compactMap { Quotation.word($0) }.prefix(scopeLimit))
    }

    /// The scopes of a header such as `X-OAuth-Scopes: repo, gist`; nil where there is none, empty where it is empty.
    static func scopes(in response: Upstream.Response) -> [String]? {
        response.header("X-OAuth-Scopes").map { scopes($0.split { $0 == "," || $0 == " " }) }
    }

    /// The first second of a date such as `2026-12-01`, in UTC; a time of RFC 3339 as it is.
    static func beginning(of date: String) -> Int64? {
        Timestamp.seconds(date) ?? Timestamp.seconds(date + "T00:00:00Z")
    }
}

extension Credential {
    /// Whether it is an OAuth grant: what a forge tells of its access token's end is no end of the grant.
    var isGrant: Bool { mode == .oauth }
}
