// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Everything that one emulated forge knows, apart from the repositories' contents. A plain value: ``AccountStore``
/// guards it and keeps it on disk.
struct AccountState: Sendable, Codable {
    /// Next free number; every kind of thing counts in one row, as ids need only be unique.
    var nextID = 1000
    var users: [SandboxUser] = []
    var groups: [SandboxGroup] = []
    var repositories: [SandboxRepository] = []
    var hooks: [SandboxHook] = []
    var tokens: [PersonalToken] = []
    var applications: [OAuthApplication] = []
    var codes: [AuthorizationCode] = []
    var grants: [OAuthGrant] = []
    var sessions: [SignInSession] = []

    /// A number that nothing else has.
    mutating func makeID() -> Int {
        defer { nextID += 1 }
        return nextID
    }
}

/// A text that must not be printed, as the sandbox keeps it: its own tokens and passwords have to be shown again to
/// whoever starts it anew.
struct KeptSecret: Sendable, Hashable, Codable, CustomStringConvertible {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    var description: String { "<secret>" }
}

/// A person's account.
struct SandboxUser: Sendable, Codable, Hashable {
    let id: Int
    /// Unique over users and groups, without case.
    var login: String
    var name: String
    var email: String
    var password: KeptSecret
    /// Unix time in seconds, where IAM takes the password no longer; nil for ever.
    var passwordExpires: Int64?
    /// Unix time in seconds.
    var created: Int64
    /// GitLab's own namespace of the user has a number of its own; GitHub has none.
    var namespaceID: Int
}

/// What a member of a group may do, in GitLab's numbers; GitHub's `admin` is ``owner``, its `member` is ``developer``.
enum MemberRole: Int, Sendable, Codable, Hashable, Comparable {
    case guest = 10
    case reporter = 20
    case developer = 30
    case maintainer = 40
    case owner = 50

    static func < (one: MemberRole, other: MemberRole) -> Bool { one.rawValue < other.rawValue }
}

/// An organisation at GitHub, a group or subgroup at GitLab.
struct SandboxGroup: Sendable, Codable, Hashable {
    let id: Int
    /// The last segment of ``fullPath``.
    var path: String
    /// With the groups above it: `harbour-works/cranes`.
    var fullPath: String
    var name: String
    var description: String
    var parentID: Int?
    /// User id to role. A member of a group is one of its subgroups as well.
    var members: [Int: MemberRole]
    var isPublic: Bool
    /// Unix time in seconds.
    var created: Int64
    /// At Gitee alone: whether it is an enterprise; nil is no.
    var isEnterprise: Bool?
}

/// Who owns a repository.
enum RepositoryOwner: Sendable, Codable, Hashable {
    case user(Int)
    case group(Int)
}

/// Who may see a repository.
enum RepositoryVisibility: String, Sendable, Codable, Hashable {
    case `private`
    /// Everyone who is signed in.
    case `internal`
    case `public`
}

/// A repository, apart from its content.
struct SandboxRepository: Sendable, Codable, Hashable {
    let id: Int
    var owner: RepositoryOwner
    /// The last segment of its address, unique in its namespace without case.
    var path: String
    /// As shown; the same as ``path`` at GitHub.
    var name: String
    var description: String?
    var visibility: RepositoryVisibility
    var isArchived = false
    var defaultBranch: String
    /// The bare repository's folder, a name in the forge's own folder.
    var directory: String
    /// `owner/path` as it was before a renaming, in lower case.
    var formerPaths: [String] = []
    /// Users who are neither owner nor members of the owning group.
    var collaborators: [Int: MemberRole] = [:]
    /// Unix times in seconds.
    var created: Int64
    var updated: Int64
    var pushed: Int64?
    /// What one forge alone knows, such as `has_wiki`.
    var settings: [String: JSON] = [:]
}

/// A webhook of a repository. Nothing is ever sent to its address.
struct SandboxHook: Sendable, Codable, Hashable {
    let id: Int
    let repositoryID: Int
    var url: String
    var secret: KeptSecret?
    var events: [String]
    var isActive = true
    /// Unix times in seconds.
    var created: Int64
    var updated: Int64
    /// What one forge alone knows, such as `content_type` or `enable_ssl_verification`.
    var settings: [String: JSON] = [:]
}
