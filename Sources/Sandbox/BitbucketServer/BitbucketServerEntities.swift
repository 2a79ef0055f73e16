// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What the API's objects look like.
/// https://developer.atlassian.com/server/bitbucket/rest/
struct BitbucketServerEntities: Sendable {
    let address: String
    let state: AccountState

    func user(_ user: SandboxUser) -> JSON {
        [
            "name": .string(user.login), "emailAddress": .string(user.email), "active": true,
            "displayName": .string(user.name), "id": .integer(user.id), "slug": .string(user.login), "type": "NORMAL",
            "links": Self.selfLink("\(address)/users/\(user.login)"),
        ]
    }

    func project(_ owner: RepositoryOwner) -> JSON {
        let key = JSON.string(state.bitbucketKey(of: owner))
        switch owner {
        case .user(let id):
            guard let found = state.user(id: id) else { return .null }
            return [
                "key": key, "id": .integer(found.namespaceID), "name": .string(found.name), "type": "PERSONAL",
                "owner": user(found), "links": Self.selfLink("\(address)/users/\(found.login)"),
            ]
        case .group(let id):
            guard let found = state.group(id: id) else { return .null }
            return [
                "key": key, "id": .integer(found.id), "name": .string(found.name),
                "description": .string(found.description), "public": .bool(found.isPublic), "type": "NORMAL",
                "links": Self.selfLink("\(address)/projects/\(state.bitbucketKey(of: owner))"),
            ]
        }
    }

    func repository(_ repository: SandboxRepository) -> JSON {
        let key = state.bitbucketKey(of: repository.owner)
        let path = "\(key.lowercased())/\(repository.path).git"
        let place: String
        switch repository.owner {
        case .user(let id): place = "users/\(state.user(id: id)?.login ?? "")"
        case .group: place = "projects/\(key)"
        }
        return [
            "slug": .string(repository.path), "id": .integer(repository.id), "name": .string(repository.name),
            "description": .optional(repository.description), "hierarchyId": .string(repository.directory),
            "scmId": "git", "state": "AVAILABLE", "statusMessage": "Available", "forkable": true,
            "project": project(repository.owner), "public": .bool(repository.visibility == .public),
            "archived": .bool(repository.isArchived),
            "links": [
                "clone": [
                    ["href": .string("\(address)/scm/\(path)"), "name": "http"],
                    ["href": .string("ssh://git@127.0.0.1:7999/\(path)"), "name": "ssh"],
                ],
                "self": [["href": .string("\(address)/\(place)/repos/\(repository.path)/browse")]],
            ],
        ]
    }

    func branch(_ reference: GitReference, of repository: SandboxRepository) -> JSON {
        Self.reference(reference, "BRANCH").adding([
            "isDefault": .bool(reference.shortName == repository.defaultBranch)
        ])
    }

    /// `hash` is the tag's own object, where it has one.
    func tag(_ reference: GitReference) -> JSON {
        Self.reference(reference, "TAG").adding([
            "hash": reference.objectType == .tag ? .string(reference.objectID) : .null
        ])
    }

    private static func reference(_ reference: GitReference, _ type: String) -> JSON {
        [
            "id": .string(reference.name), "displayId": .string(reference.shortName), "type": .string(type),
            "latestCommit": .string(reference.peeledID), "latestChangeset": .string(reference.peeledID),
        ]
    }

    func commit(_ commit: GitCommit) -> JSON {
        var message = commit.message
        while message.last?.isNewline == true { message.removeLast() }
        return [
            "id": .string(commit.id), "displayId": .string(String(commit.id.prefix(11))),
            "author": person(commit.author), "authorTimestamp": .integer(Int(commit.author.time) * 1000),
            "committer": person(commit.committer),
            "committerTimestamp": .integer(Int(commit.committer.time) * 1000), "message": .string(message),
            "parents": .array(
                commit.parents.map { ["id": .string($0), "displayId": .string(String($0.prefix(11)))] }),
        ]
    }

    /// A user of this Bitbucket where the address is one's, otherwise what git knows.
    private func person(_ signature: GitSignature) -> JSON {
        if let known = state.user(email: signature.email) { return user(known) }
        return ["name": .string(signature.name), "emailAddress": .string(signature.email)]
    }

    func hook(_ hook: SandboxHook) -> JSON {
        [
            "id": .integer(hook.id), "name": hook.settings["name"] ?? "",
            "createdDate": .integer(Int(hook.created) * 1000), "updatedDate": .integer(Int(hook.updated) * 1000),
            "events": .array(hook.events.map(JSON.string)),
            // Given back in clear, to those who may see webhooks at all.
            "configuration": hook.secret.map { ["secret": .string($0.text)] } ?? [:],
            "url": .string(hook.url), "active": .bool(hook.isActive), "scopeType": "repository",
            "sslVerificationRequired": hook.settings["sslVerificationRequired"] ?? true,
        ]
    }

    /// A path in its parts.
    static func path(_ path: String) -> JSON {
        let parts = path.split(separator: "/").map(String.init)
        let name = parts.last ?? ""
        let dot = name.lastIndex(of: ".")
        var object: JSON = [
            "components": .array(parts.map(JSON.string)),
            "parent": .string(parts.dropLast().joined(separator: "/")), "name": .string(name),
            "toString": .string(path),
        ]
        if let dot { object = object.adding(["extension": .string(String(name[name.index(after: dot)...]))]) }
        return object
    }

    private static func selfLink(_ address: String) -> JSON {
        ["self": [["href": .string(address)]]]
    }
}
