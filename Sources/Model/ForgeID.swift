// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A forge that Gatehouse speaks to. The raw value is the API's `repo_type`, always lower-case.
package enum ForgeID: String, CaseIterable, Sendable, Hashable, Codable {
    case github
    case gitlab
    /// CodeArts Repo, which once was part of DevCloud.
    case devcloud
    case gitee
    /// Bitbucket Cloud and Bitbucket Data Center: which of them, the host tells.
    case bitbucket
    /// Gitea and Forgejo.
    case gitea

    /// The forge that a caller's `repo_type` names, whatever its letter case; nil for one that is not known. `codearts` means
    /// ``devcloud``, by the forge's present name.
    package init?(repoType: String) {
        let name = repoType.lowercased()
        self.init(rawValue: name == "codearts" ? Self.devcloud.rawValue : name)
    }

    /// The name as its company spells it, for sentences.
    package var displayName: String {
        switch self {
        case .github: "GitHub"
        case .gitlab: "GitLab"
        case .devcloud: "CodeArts Repo"
        case .gitee: "Gitee"
        case .bitbucket: "Bitbucket"
        case .gitea: "Gitea"
        }
    }

    /// The ways in which a credential of this forge can be given. Any other is refused with SVCSTG.REPO.0401.
    package var modes: Set<AuthorizationMode> {
        switch self {
        case .github: [.oauth, .personal, .password]
        case .gitlab: [.oauth, .personal]
        case .devcloud: [.password]
        case .gitee: [.oauth, .personal]
        case .bitbucket: [.oauth, .personal, .password]
        case .gitea: [.oauth, .personal, .password]
        }
    }
}
