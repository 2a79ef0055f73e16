// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A forge that Gatehouse speaks to. The raw value is the API's `repo_type`, always lower-case.
package enum ForgeID: String, CaseIterable, Sendable, Hashable, Codable {
    case github
    case gitlab
    case gitee
    /// Gitea and Forgejo.
    case gitea

    /// The forge that a caller's `repo_type` names, whatever its letter case; nil for one that is not known.
    package init?(repoType: String) {
        self.init(rawValue: repoType.lowercased())
    }

    /// The name as its company spells it, for sentences.
    package var displayName: String {
        switch self {
        case .github: "GitHub"
        case .gitlab: "GitLab"
        case .gitee: "Gitee"
        case .gitea: "Gitea"
        }
    }

    /// The ways in which a credential of this forge can be given. Any other is refused with SVCSTG.REPO.0401.
    package var modes: Set<AuthorizationMode> {
        switch self {
        case .github: [.oauth, .personal, .password]
        case .gitlab: [.oauth, .personal]
        case .gitee: [.oauth, .personal]
        case .gitea: [.oauth, .personal, .password]
        }
    }
}
