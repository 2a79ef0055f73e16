// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What every emulated forge holds when it is new. The names are the same at all of them.
package enum SandboxSeed {
    /// The account that the sandbox hands out.
    package static let login = "octavia"
    package static let password = "harbour-lights"
    package static let email = "octavia@example.com"
    /// Another one, a member of the organisation and nothing else.
    package static let otherLogin = "marlow"
    package static let otherPassword = "paper-boats"
    package static let otherEmail = "marlow@example.com"
    /// The organisation or group; octavia owns it.
    package static let organization = "harbour-works"

    /// In octavia's namespace: branches `main`, `develop`, `feature/one`, `feature/two`, `fix/ünï-code`; tags `v1.0.0`
    /// (annotated), `v0.9.0` (lightweight), `release/2024-01` (annotated); fourteen commits, files of every kind.
    package static let project = "harbour"
    /// In octavia's namespace, without a single commit.
    package static let emptyProject = "empty-dock"
    /// In octavia's namespace: ``refCount`` branches `branch-001` … beside `main`, as many tags `tag-001` ….
    package static let crowdedProject = "crowded-quay"
    package static let refCount = 250
    /// In octavia's namespace, archived: it can be read only.
    package static let archivedProject = "old-pier"
    /// In octavia's namespace, public; `lib/tide` is a submodule.
    package static let publicProject = "open-water"
    /// In the organisation.
    package static let organizationProject = "crane-control"
    /// In marlow's namespace, private: octavia must not see it.
    package static let otherProject = "secret-cove"

    static let applicationName = "Gatehouse"
}

/// What differs from forge to forge in the seed.
struct SeedProfile: Sendable {
    let tokenPrefix: String
    /// How many letters follow the prefix.
    let tokenLength: Int
    /// Every scope that the API's operations need.
    let scopes: [String]
    /// What the OAuth application may ask for.
    let applicationScopes: [String]
    let clientIDLength: Int
    /// Whether a token is worth nothing without its account's email.
    var needsEmail = false

    /// https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html
    static let dataCenter = SeedProfile(
        tokenPrefix: "BBDC-", tokenLength: 44, scopes: ["PROJECT_ADMIN", "REPO_ADMIN"],
        applicationScopes: ["PROJECT_ADMIN"], clientIDLength: 32)

    static func profile(of forge: ForgeID) -> SeedProfile {
        switch forge {
        case .github:
            SeedProfile(
                tokenPrefix: "ghp_",
                tokenLength: 36,
                scopes: ["repo", "admin:repo_hook", "read:org", "user", "delete_repo", "workflow"],
                applicationScopes: [],
                clientIDLength: 20
            )
        case .gitlab:
            SeedProfile(
                tokenPrefix: "glpat-",
                tokenLength: 20,
                scopes: ["api", "read_user", "read_repository", "write_repository"],
                applicationScopes: [
                    "api", "read_api", "read_user", "read_repository", "write_repository", "openid", "profile", "email",
                ],
                clientIDLength: 64
            )
        // Has no OAuth; its tokens are made where it is seeded.
        case .devcloud:
            SeedProfile(tokenPrefix: "", tokenLength: 40, scopes: [], applicationScopes: [], clientIDLength: 0)
        case .gitea:
            SeedProfile(
                tokenPrefix: "",
                tokenLength: 40,
                scopes: ["write:user", "write:organization", "write:repository"],
                applicationScopes: [],
                clientIDLength: 36
            )
        case .gitee:
            SeedProfile(
                tokenPrefix: "",
                tokenLength: 32,
                scopes: ["user_info", "projects", "hook", "groups", "enterprises"],
                applicationScopes: [
                    "user_info", "projects", "pull_requests", "issues", "notes", "keys", "hook", "groups", "gists",
                    "enterprises", "emails",
                ],
                clientIDLength: 64
            )
        case .bitbucket:
            SeedProfile(
                tokenPrefix: "ATATT3xFfGF0",
                tokenLength: 180,
                scopes: [
                    "account", "email", "project", "project:admin", "repository", "repository:write",
                    "repository:admin", "repository:delete", "webhook",
                ],
                applicationScopes: [
                    "account", "email", "project", "project:admin", "repository", "repository:write",
                    "repository:admin", "repository:delete", "webhook",
                ],
                clientIDLength: 18,
                needsEmail: true
            )
        }
    }
}
