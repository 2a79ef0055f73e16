// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model

extension OAuthFlow {
    /// How much a revocation shall end.
    package enum Reach: String, Sendable, Hashable {
        /// The tokens that are given, and those that were made with them.
        case tokens
        /// At a forge that has a call for it, everything that the user has granted the application: also the tokens of other
        /// authorizations of this user and application. Elsewhere the same as ``tokens``.
        case grant
    }

    /// What became of a revocation.
    package enum Revocation: String, Sendable, Hashable {
        case done
        /// The forge did not know the tokens any more.
        case alreadyDead
        /// The forge documents no call for it.
        case notOffered
    }

    /// Ends tokens at their forge, where the forge documents a call for it.
    ///
    /// - GitHub deletes a token or the whole grant, named by an access token that is good; one that has expired is renewed for it.
    ///   https://docs.github.com/en/rest/apps/oauth-applications
    /// - GitLab revokes a token, access or refresh, after RFC 7009; each is sent.
    ///   https://docs.gitlab.com/api/oauth2/#revoke-a-token
    /// - Gitee (https://gitee.com/api/v5/oauth_doc), Gitea (https://docs.gitea.com/development/oauth2-provider), Bitbucket Cloud
    ///   (https://developer.atlassian.com/cloud/bitbucket/oauth-2/) and Bitbucket Data Center
    ///   (https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1108483661.html) name no such call.
    ///
    /// - Throws: ``ForgeError`` of a network that fails and of an answer that is none of these.
    package func revoke(_ tokens: OAuthTokens, _ reach: Reach) async throws(ForgeError) -> Revocation {
        switch application.host.forge {
        case .github: return try await revokeAtGitHub(tokens, reach)
        case .gitlab: return try await revokeAtGitLab(tokens)
        case .gitee, .gitea, .bitbucket, .devcloud: return .notOffered
        }
    }

    private func revokeAtGitHub(_ tokens: OAuthTokens, _ reach: Reach) async throws(ForgeError) -> Revocation {
        do throws(ForgeError) {
            return try await deleteAtGitHub(try await usable(tokens), reach)
        } catch  where error.code == .credentialRejected {
            return .alreadyDead
        } catch {
            throw error
        }
    }

    /// The same tokens, or new ones for an access token that has expired.
    private func usable(_ tokens: OAuthTokens) async throws(ForgeError) -> OAuthTokens {
        guard let expires = tokens.expires, expires <= now(), tokens.refreshToken != nil else { return tokens }
        return try await refresh(tokens)
    }

    private func deleteAtGitHub(_ tokens: OAuthTokens, _ reach: Reach) async throws(ForgeError) -> Revocation {
        let what = reach == .grant ? "grant" : "token"
        let call = try Call(.delete, "/").sending(["access_token": tokens.accessToken.exposed], to: .github)
        let headers =
            call.headers + [
                Upstream.Header("Accept", "application/vnd.github+json"),
                Upstream.Header("X-GitHub-Api-Version", "2022-11-28"), basicProof,
            ]
        let address =
            application.host.api + "/applications/" + PercentEncoding.segment(application.clientID) + "/" + what
        let response = try await upstream.send(
            Upstream.Request(.delete, address, headers: headers, body: call.body), to: .github)
        switch response.status {
        case 204: return .done
        // Documented as "validation failed"; an unknown token is "not found" at the operations beside it.
        case 404, 422: return .alreadyDead
        default: throw notRevoked(response)
        }
    }

    private func revokeAtGitLab(_ tokens: OAuthTokens) async throws(ForgeError) -> Revocation {
        for token in [tokens.previousRefreshToken, tokens.refreshToken, tokens.accessToken].compactMap(\.self) {
            let form = Self.encoded(bodyProof + [("token", token.exposed)])
            let headers = [
                Upstream.Header("Accept", "application/json"),
                Upstream.Header("Content-Type", "application/x-www-form-urlencoded"),
            ]
            let response = try await upstream.send(
                Upstream.Request(
                    .post, application.host.pages + "/oauth/revoke", headers: headers, body: Array(form.utf8)),
                to: .gitlab)
            // 200 also for a token that it does not know, as RFC 7009 §2.2 has it.
            guard response.status == 200 else { throw notRevoked(response) }
        }
        return .done
    }

    private func notRevoked(_ response: Upstream.Response) -> ForgeError {
        let name = application.host.forge.displayName
        return ForgeError(
            .unavailable, application.host.forge,
            "\(name) answered status \(response.status) to a revocation. If it stays so, the operator must check the OAuth application's id and secret.",
            upstreamStatus: response.status)
    }
}
