// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// A token of any scope may ask for itself. Its `expires_at` is a date, at whose beginning in UTC it ends.
    ///
    /// Only personal tokens, and those of projects and groups, can be asked for so. An OAuth grant's scopes and the end
    /// of its access token came with the tokens; the user's own call proves it.
    /// https://docs.gitlab.com/api/personal_access_tokens/#self-inform and
    /// https://docs.gitlab.com/user/profile/personal_access_tokens/#access-token-expiration
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        guard !(try await session.source.current().isGrant) else {
            _ = try await account()
            return CredentialFacts()
        }
        // Servers before GitLab 15.5 take `self` for a token's number, and answer 400, 401 or 404 by their version and
        // the user's role: such a refusal says nothing yet about the credential.
        var session = session
        session.refuses = { _ in false }
        let answer = try await session.send(
            Call(.get, "/personal_access_tokens/self", expecting: [200, 400, 401, 403, 404]))
        guard !Refusal(answer).isPage else { throw GitLab.explain(answer) }
        guard answer.status == 200 else {
            _ = try await account()
            return CredentialFacts()
        }
        let wire = try session.decode(WireToken.self, answer)
        return CredentialFacts(
            expires: wire.expires_at.flatMap { CredentialFacts.beginning(of: $0) },
            scopes: wire.scopes.map { CredentialFacts.scopes($0) })
    }

    /// What is of another form than documented is passed over.
    private struct WireToken: Decodable {
        let scopes: [String]?
        let expires_at: String?

        private enum CodingKeys: String, CodingKey {
            case scopes, expires_at
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            do {
                scopes = try values.decodeIfPresent([String].self, forKey: .scopes)
            } catch {
                scopes = nil
            }
            do {
                expires_at = try values.decodeIfPresent(String.self, forKey: .expires_at)
            } catch {
                expires_at = nil
            }
        }
    }
}
