// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What GitLab calls a namespace: a user's own place, or a group or subgroup, under one row of numbers and paths.
/// https://docs.gitlab.com/user/namespace/
struct GitLabNamespace: Sendable, Hashable {
    enum Kind: String, Sendable { case user, group }

    /// For a group also the group's id. A user's namespace has another number than the user.
    let id: Int
    let kind: Kind
    let name: String
    let path: String
    let fullPath: String
    /// The names of all groups above it and its own: `Fleet / North / Quay`.
    let fullName: String
    /// The group that it is in.
    let parent: Int?
    let isPublic: Bool
    let description: String
    /// Unix time in seconds.
    let created: Int64
    let owner: RepositoryOwner
}

extension AccountState {
    /// The namespace of a user or group; nil where there is none.
    func gitLabNamespace(of owner: RepositoryOwner) -> GitLabNamespace? {
        switch owner {
        case .user(let id):
            guard let user = user(id: id) else { return nil }
            return GitLabNamespace(
                id: user.namespaceID, kind: .user, name: user.name, path: user.login, fullPath: user.login,
                fullName: user.name, parent: nil, isPublic: true, description: "", created: user.created, owner: owner)
        case .group(let id):
            guard let group = group(id: id) else { return nil }
            let names = gitLabChain(group).reversed().map(\.name)
            return GitLabNamespace(
                id: group.id, kind: .group, name: group.name, path: group.path, fullPath: group.fullPath,
                fullName: names.joined(separator: " / "), parent: group.parentID, isPublic: group.isPublic,
                description: group.description, created: group.created, owner: owner)
        }
    }

    /// A namespace by id or full path.
    func gitLabNamespace(_ reference: String) -> GitLabNamespace? {
        guard let id = Int(reference) else {
            return owner(namespace: reference).flatMap { gitLabNamespace(of: $0) }
        }
        if group(id: id) != nil { return gitLabNamespace(of: .group(id)) }
        return users.first { $0.namespaceID == id }.flatMap { gitLabNamespace(of: .user($0.id)) }
    }

    /// A group by id or full path.
    func gitLabGroup(_ reference: String) -> SandboxGroup? {
        Int(reference).map { group(id: $0) } ?? group(fullPath: reference)
    }

    /// A user by id or name.
    func gitLabUser(_ reference: String) -> SandboxUser? {
        Int(reference).map { user(id: $0) } ?? user(login: reference)
    }

    /// The group and every group above it, the group first.
    func gitLabChain(_ group: SandboxGroup) -> [SandboxGroup] {
        var found = [group]
        while let above = found.last?.parentID.flatMap({ self.group(id: $0) }) { found.append(above) }
        return found
    }

    /// Whether a group is another one or lies below it, at any depth.
    func gitLabGroup(_ id: Int, isWithin ancestor: Int) -> Bool {
        group(id: id).map { gitLabChain($0).contains { $0.id == ancestor } } ?? false
    }

    /// Whether a user (nil: nobody) may see a group. Who belongs to a subgroup sees the groups above it, too.
    func maySee(_ group: SandboxGroup, as userID: Int?) -> Bool {
        if group.isPublic { return true }
        guard let userID else { return false }
        return role(of: userID, inGroup: group.id) != nil
            || groups.contains { $0.members[userID] != nil && gitLabGroup($0.id, isWithin: group.id) }
    }

    /// The role that a user has in a namespace; nil for none.
    func role(of userID: Int, in owner: RepositoryOwner) -> MemberRole? {
        switch owner {
        case .user(let id): id == userID ? .owner : nil
        case .group(let id): role(of: userID, inGroup: id)
        }
    }
}

extension SandboxRepository {
    /// Names or patterns with `*`. The default branch is protected from its first commit on.
    /// https://docs.gitlab.com/user/project/repository/branches/protected/
    var protectedBranches: [String] {
        settings["protected_branches"]?.arrayValue?.compactMap(\.stringValue) ?? [defaultBranch]
    }

    /// Names or patterns with `*`; none by default.
    var protectedTags: [String] {
        settings["protected_tags"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    func protects(branch name: String) -> Bool { protectedBranches.contains { Self.pattern($0, fits: name) } }
    func protects(tag name: String) -> Bool { protectedTags.contains { Self.pattern($0, fits: name) } }

    /// `*` stands for any text.
    private static func pattern(_ pattern: String, fits name: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return pattern == name }
        guard name.hasPrefix(parts[0]) else { return false }
        var rest = name.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return parts.last.map { rest.hasSuffix($0) } ?? false
    }
}

extension AccountState {
    /// Whether a user may change a branch: who may push, and for a protected one who maintains the project.
    func mayPush(to branch: String, of repository: SandboxRepository, as userID: Int) -> Bool {
        repository.protects(branch: branch)
            ? mayAdminister(repository, as: userID) : mayWrite(repository, as: userID)
    }
}
