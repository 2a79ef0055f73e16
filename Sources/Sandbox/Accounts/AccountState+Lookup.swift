// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension AccountState {
    func user(id: Int) -> SandboxUser? {
        users.first { $0.id == id }
    }

    /// By login, without case.
    func user(login: String) -> SandboxUser? {
        let wanted = login.lowercased()
        return users.first { $0.login.lowercased() == wanted }
    }

    /// By login or email, as sign-in pages take both.
    func user(signingInAs name: String, password: String) -> SandboxUser? {
        let wanted = name.lowercased()
        return users.first {
            ($0.login.lowercased() == wanted || $0.email.lowercased() == wanted) && $0.password.text == password
        }
    }

    func user(email: String) -> SandboxUser? {
        let wanted = email.lowercased()
        return users.first { $0.email.lowercased() == wanted }
    }

    func group(id: Int) -> SandboxGroup? {
        groups.first { $0.id == id }
    }

    /// By full path, without case.
    func group(fullPath: String) -> SandboxGroup? {
        let wanted = fullPath.lowercased()
        return groups.first { $0.fullPath.lowercased() == wanted }
    }

    /// The role that a user has in a group or in one of those above it; the highest counts.
    func role(of userID: Int, inGroup groupID: Int) -> MemberRole? {
        var highest: MemberRole?
        var next: Int? = groupID
        while let id = next, let group = group(id: id) {
            if let role = group.members[userID] { highest = max(role, highest ?? role) }
            next = group.parentID
        }
        return highest
    }

    /// The groups that a user belongs to, by membership or through a group above, in the order of their full paths.
    func groups(of userID: Int) -> [SandboxGroup] {
        groups.filter { role(of: userID, inGroup: $0.id) != nil }.sorted { $0.fullPath < $1.fullPath }
    }

    /// The namespace's full path: a login or a group's path.
    func namespacePath(of owner: RepositoryOwner) -> String {
        switch owner {
        case .user(let id): user(id: id)?.login ?? ""
        case .group(let id): group(id: id)?.fullPath ?? ""
        }
    }

    /// The owner whose namespace has this full path, without case.
    func owner(namespace: String) -> RepositoryOwner? {
        if let user = user(login: namespace) { return .user(user.id) }
        return group(fullPath: namespace).map { .group($0.id) }
    }

    /// `namespace/path`.
    func fullPath(of repository: SandboxRepository) -> String {
        namespacePath(of: repository.owner) + "/" + repository.path
    }

    func repository(id: Int) -> SandboxRepository? {
        repositories.first { $0.id == id }
    }

    /// By its present full path, without case.
    func repository(fullPath: String) -> SandboxRepository? {
        let wanted = fullPath.lowercased()
        return repositories.first { self.fullPath(of: $0).lowercased() == wanted }
    }

    /// One that had this full path before it was renamed.
    func repository(formerPath: String) -> SandboxRepository? {
        let wanted = formerPath.lowercased()
        return repositories.first { $0.formerPaths.contains(wanted) }
    }

    /// The role that a user has in a repository: as its owner, through its group or as a collaborator.
    func role(of userID: Int, in repository: SandboxRepository) -> MemberRole? {
        let through: MemberRole? =
            switch repository.owner {
            case .user(let id): id == userID ? .owner : nil
            case .group(let id): role(of: userID, inGroup: id)
            }
        return [through, repository.collaborators[userID]].compactMap(\.self).max()
    }

    /// Whether a user (nil: nobody is signed in) may see a repository.
    func mayRead(_ repository: SandboxRepository, as userID: Int?) -> Bool {
        switch repository.visibility {
        case .public: true
        case .internal: userID != nil
        case .private: userID.flatMap { role(of: $0, in: repository) } != nil
        }
    }

    /// Whether a user may push to a repository and change its files.
    func mayWrite(_ repository: SandboxRepository, as userID: Int) -> Bool {
        role(of: userID, in: repository).map { $0 >= .developer } ?? false
    }

    /// Whether a user may change a repository's settings and hooks.
    func mayAdminister(_ repository: SandboxRepository, as userID: Int) -> Bool {
        role(of: userID, in: repository).map { $0 >= .maintainer } ?? false
    }
}
