// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    /// The user's own call, whose headers tell of the token as those of any call do: the scopes of classic and OAuth
    /// tokens, and the end of a personal one that has an end.
    /// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps and
    /// https://github.blog/changelog/2021-07-26-expiration-options-for-personal-access-tokens/
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        let isGrant = try await session.source.current().isGrant
        let (_, answer) = try await user()
        return CredentialFacts(
            expires: isGrant
                ? nil : answer.header("GitHub-Authentication-Token-Expiration").flatMap { Self.expiration($0) },
            // A GitHub App's grant has permissions instead, and an empty header.
            scopes: CredentialFacts.scopes(in: answer).flatMap { isGrant && $0.isEmpty ? nil : $0 })
    }

    /// Two forms are about, and no page has either: `2026-12-01 00:00:00 UTC` and `2026-12-01 00:00:00 +0200`.
    static func expiration(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return Timestamp.seconds(parts[0] + "T" + parts[1] + (parts[2] == "UTC" ? "Z" : parts[2]))
    }
}
