// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Bitbucket {
    /// What a credential is to Bitbucket, which has two ways for tokens: an API token belongs to a person and goes with the
    /// account's email by Basic; an access token belongs to a repository, project or workspace and goes alone by Bearer.
    ///
    /// A personal token is given as `email:token` for the former. The latter may be given alone, or as `workspace:token`, since
    /// Bitbucket tells nobody which workspace it belongs to.
    /// https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/ and
    /// https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/
    enum Login {
        case basic(user: String, password: Secret)
        case oauth(Secret)
        case accessToken(Secret, workspace: String?)

        /// The user name that git sends with an access token.
        static let accessTokenUser = "x-token-auth"

        init(_ credential: Credential) throws(ForgeError) {
            switch credential {
            case .oauth(let tokens): self = .oauth(tokens.accessToken)
            case .password(let user, let password): self = .basic(user: user, password: password)
            case .personal(let token):
                let halves = token.exposed.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard halves.count == 2 else {
                    self = .accessToken(token, workspace: nil)
                    return
                }
                let (name, secret) = (String(halves[0]), Secret(String(halves[1])))
                if name.contains("@") {
                    self = .basic(user: name, password: secret)
                } else {
                    self = .accessToken(secret, workspace: name == Self.accessTokenUser || name.isEmpty ? nil : name)
                }
            }
        }

        /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication
        func headers() throws(ForgeError) -> [Upstream.Header] {
            switch self {
            case .oauth(let token), .accessToken(let token, _):
                return [Upstream.Header("Authorization", "Bearer " + (try Self.text(of: token)))]
            case .basic(let user, let password):
                guard !user.isEmpty, !user.contains(":") else {
                    throw ForgeError(
                        .credentialRejected, .bitbucket,
                        "A Bitbucket user is the account's email, which is not empty and has no colon.")
                }
                let pair = Data("\(user):\(try Self.text(of: password))".utf8).base64EncodedString()
                return [Upstream.Header("Authorization", "Basic " + pair)]
            }
        }

        private static func text(of token: Secret) throws(ForgeError) -> String {
            let text = token.exposed
            guard !text.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
                throw ForgeError(
                    .credentialRejected, .bitbucket,
                    "A Bitbucket token is not empty and has no spaces or control characters. Copy it again.")
            }
            return text
        }
    }
}
