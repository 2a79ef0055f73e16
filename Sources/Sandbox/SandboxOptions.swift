// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Model

/// How a sandbox is set up.
package struct SandboxOptions: Sendable {
    /// The folder that holds the forges' repositories and accounts; it is made where it does not exist. Only its
    /// subfolders named after the forges are touched.
    package var stateDirectory: String
    /// Whether a later sandbox finds everything there again. If not, the forges' folders are emptied at the start and
    /// removed when ``Sandbox/run()`` ends.
    package var keepsState = false
    /// Which forges to emulate.
    package var forges: [ForgeID] = ForgeID.allCases
    /// Whether a Bitbucket Data Center is emulated beside them: another product than Bitbucket Cloud under the same forge. It has
    /// the port after the forges'.
    package var hasDataCenter = false
    /// The first forge's port on 127.0.0.1, the others follow; 0 for any free ones.
    package var firstPort = 0
    /// Where the registered OAuth application's codes may be sent, beside every port of 127.0.0.1 and localhost.
    package var redirectURIs: [String] = []
    /// Seconds that an OAuth access token lives, where it is not as the forge has it.
    package var accessTokenLifetime: Int64?
    /// Whether OAuth access tokens end at all. Where they do not, there are no refresh tokens either: so it is with
    /// GitHub's OAuth apps.
    package var hasAccessTokenEnd = true
    /// Seconds after which an OAuth access token is refused although its lifetime is not over, as if it were revoked; nil
    /// for never.
    package var accessTokenRevokedAfter: Int64?
    /// Seconds that a refresh token lives, where it is not as the forge has it, or the forge has no such rule.
    package var refreshTokenLifetime: Int64?
    /// Whether there are refresh tokens.
    package var hasRefreshTokens = true
    /// Seconds that the usual personal token lives from its first use; nil for ever. At CodeArts Repo, which has none, it is the
    /// password that ends so for IAM.
    package var personalTokenLifetime: Int64?
    /// Requests an hour for each token without a limit of its own.
    package var rateLimit = 5000
    /// Personal tokens beside the usual one.
    package var tokens: [SandboxToken] = []
    /// How many entries a recursive tree may have before GitHub cuts it off. 100000 at the forge itself.
    package var treeLimit = 100_000
    /// Where the servers' own log lines go.
    package var logger = Logger(label: "sandbox")

    package init(stateDirectory: String) {
        self.stateDirectory = stateDirectory
    }
}

/// A personal token that a sandbox is to know, for tests of scopes, expiry and limits.
package struct SandboxToken: Sendable {
    package var forge: ForgeID
    package var token: Secret
    /// The seeded user whose token it is: ``SandboxSeed/login`` or ``SandboxSeed/otherLogin``.
    package var login: String
    package var scopes: [String]
    /// Unix time in seconds; nil for one that lives for ever.
    package var expires: Int64?
    /// Requests an hour; nil for ``SandboxOptions/rateLimit``. 0 is a token whose limit is used up.
    package var rateLimit: Int?
    /// Whether every request with it runs into the forge's secondary limit (against too many requests at once).
    package var isThrottled = false

    package init(forge: ForgeID, token: Secret, login: String = SandboxSeed.login, scopes: [String]) {
        self.forge = forge
        self.token = token
        self.login = login
        self.scopes = scopes
    }
}

/// A running forge, as a caller needs to know it.
package struct EmulatedForge: Sendable {
    package let forge: ForgeID
    /// What tells it from the others: the forge's raw value, or ``dataCenterName``.
    package let name: String
    /// As its company spells it.
    package let displayName: String
    /// For example `http://127.0.0.1:9001`, without a slash at the end.
    package let host: String
    /// The account's name at the forge.
    package let login: String
    /// What a person types into the forge's sign-in page.
    package let signIn: (user: String, password: Secret)
    /// A personal token with every right that the API needs.
    package let token: Secret
    /// User and password of the password mode; nil where the forge has none.
    package let basic: (user: String, password: Secret)?
    /// The account's own namespace.
    package let namespace: String
    /// A repository in it, with a branch `main`, tags, commits and files.
    package let project: String
    /// Empty where the forge has no OAuth, as the secret is.
    package let oauthClientID: String
    package let oauthClientSecret: Secret
    /// What the forge has been asked so far.
    package let requests: RequestLog

    static let dataCenterName = "bitbucket-datacenter"

    /// The host as a configuration should name it: of a Bitbucket Cloud the API's base, since the host alone is taken for Data
    /// Center's.
    package var address: String { forge == .bitbucket && name != Self.dataCenterName ? host + "/2.0" : host }
}

/// Why a sandbox does not start.
package enum SandboxError: Error, Sendable, Equatable {
    /// Something listens on that port already, or it is none. Choose another first port.
    case portTaken(Int)
    /// The state directory cannot be made, read or written, or holds something else. The text says which.
    case stateUnusable(String)
    /// The `git` command is not there or does not do what it should. The text is its own.
    case gitUnusable(String)
}

extension SandboxError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .portTaken(let port):
            "port \(port) of 127.0.0.1 cannot be used; choose another first port for the forges"
        case .stateUnusable(let reason): "the sandbox's state directory cannot be used: \(reason)"
        case .gitUnusable(let reason): "the git command does not work (is the package git installed?): \(reason)"
        }
    }
}
