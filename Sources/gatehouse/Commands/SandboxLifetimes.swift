// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sandbox

/// How long credentials live at the sandbox's forges: so that every rule of theirs can be seen in seconds.
struct SandboxLifetimes: ParsableArguments {
    @Option(help: "OAuth access tokens, and tokens of IAM, in place of the forges' own lifetimes.")
    var tokenLifetime: Int64?

    @Option(help: "OAuth refresh tokens, in place of the forges' own lifetimes; at forges without such a rule, too.")
    var refreshTokenLifetime: Int64?

    @Option(
        help:
            "The personal tokens that are handed out, from their first use; at CodeArts Repo the password. They have no end otherwise."
    )
    var personalTokenLifetime: Int64?

    @Option(help: "OAuth access tokens are refused after this time although their lifetime is not over.")
    var tokenRevokedAfter: Int64?

    @Flag(help: "OAuth access tokens end, and there are no refresh tokens.")
    var noRefreshTokens = false

    @Flag(help: "OAuth access tokens have no end, and no refresh tokens, as those of GitHub's OAuth apps.")
    var noTokenExpiry = false

    func validate() throws {
        for lifetime in [tokenLifetime, refreshTokenLifetime, personalTokenLifetime, tokenRevokedAfter] {
            guard lifetime.map({ (1...315_360_000).contains($0) }) ?? true else {
                throw ValidationError("A token lives for 1 second at least and for ten years at most.")
            }
        }
        guard !(noTokenExpiry && (tokenLifetime != nil || refreshTokenLifetime != nil)) else {
            throw ValidationError("With --no-token-expiry, OAuth tokens have no lifetime to set.")
        }
        guard !(noRefreshTokens && refreshTokenLifetime != nil) else {
            throw ValidationError("With --no-refresh-tokens, they have no lifetime to set.")
        }
    }

    var chosen: Chosen {
        Chosen(
            access_token: tokenLifetime, access_token_revoked_after: tokenRevokedAfter,
            refresh_token: refreshTokenLifetime, personal_token: personalTokenLifetime,
            has_access_token_end: !noTokenExpiry, has_refresh_tokens: !noRefreshTokens && !noTokenExpiry)
    }

    /// What was chosen, as the ready file has it: seconds, left out where the forges' own rules stand.
    struct Chosen: Encodable, Sendable {
        let access_token: Int64?
        let access_token_revoked_after: Int64?
        let refresh_token: Int64?
        let personal_token: Int64?
        let has_access_token_end: Bool
        let has_refresh_tokens: Bool

        func apply(to options: inout SandboxOptions) {
            options.accessTokenLifetime = access_token
            options.accessTokenRevokedAfter = access_token_revoked_after
            options.refreshTokenLifetime = refresh_token
            options.personalTokenLifetime = personal_token
            options.hasAccessTokenEnd = has_access_token_end
            options.hasRefreshTokens = has_refresh_tokens
        }
    }
}
