// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension BitbucketView {
    func fullName(_ repository: SandboxRepository) -> String {
        slug(repository.owner) + "/" + repository.path.lowercased()
    }

    func address(of repository: SandboxRepository) -> String { "\(api)/repositories/\(fullName(repository))" }

    func page(of repository: SandboxRepository) -> String { "\(host)/\(fullName(repository))" }

    private func avatar(_ repository: SandboxRepository) -> JSON {
        Self.link("\(host)/ravatar/\(Self.encoded(BitbucketUUID.repository(repository.id)))?ts=default")
    }

    /// As it stands in other things.
    func shortRepository(_ repository: SandboxRepository) -> JSON {
        [
            "type": "repository", "full_name": .string(fullName(repository)), "name": .string(repository.name),
            "uuid": .string(BitbucketUUID.repository(repository.id)),
            "links": [
                "self": Self.link(address(of: repository)), "html": Self.link(page(of: repository)),
                "avatar": avatar(repository),
            ],
        ]
    }

    /// - Parameter isEmpty: an empty repository has no main branch.
    func repository(_ repository: SandboxRepository, isEmpty: Bool) -> JSON {
        let address = address(of: repository)
        let name = fullName(repository)
        let authority = host.split(separator: "/").last.map(String.init) ?? ""
        let scheme = host.hasPrefix("https") ? "https" : "http"
        let user = caller.map { $0.login + "@" } ?? ""
        var links: [JSON.Member] = [
            "pullrequests", "commits", "forks", "watchers", "downloads", "hooks",
        ].map { JSON.Member(key: $0, value: Self.link("\(address)/\($0)")) }
        links += [
            JSON.Member(key: "self", value: Self.link(address)),
            JSON.Member(key: "html", value: Self.link(page(of: repository))),
            JSON.Member(key: "avatar", value: avatar(repository)),
            JSON.Member(key: "branches", value: Self.link(address + "/refs/branches")),
            JSON.Member(key: "tags", value: Self.link(address + "/refs/tags")),
            JSON.Member(key: "source", value: Self.link(address + "/src")),
            // The name is `https` whatever the scheme: the emulated host has no TLS.
            JSON.Member(
                key: "clone",
                value: [
                    ["name": "https", "href": .string("\(scheme)://\(user)\(authority)/\(name).git")],
                    ["name": "ssh", "href": .string("git@\(authority.split(separator: ":").first ?? ""):\(name).git")],
                ]),
        ]
        return shortRepository(repository).adding([
            "links": .object(links), "slug": .string(repository.path.lowercased()),
            "description": .string(repository.description ?? ""), "scm": "git", "website": nil,
            "owner": owner(repository.owner), "workspace": workspace(repository.owner),
            "is_private": .bool(repository.visibility != .public), "project": project(repository.owner),
            "fork_policy": repository.visibility == .public ? "allow_forks" : "no_public_forks",
            "created_on": .string(Self.time(repository.created)),
            "updated_on": .string(Self.time(repository.pushed ?? repository.updated)), "size": isEmpty ? 0 : 61_334,
            "language": "", "has_issues": false, "has_wiki": false, "parent": nil,
            "mainbranch": isEmpty ? nil : ["name": .string(repository.defaultBranch), "type": "branch"],
            "override_settings": ["default_merge_strategy": false, "branching_model": false],
        ])
    }

    /// A workspace with more than one member is shown as a team.
    private func owner(_ owner: RepositoryOwner) -> JSON {
        if case .user(let id) = owner, let found = state.user(id: id) { return user(found) }
        let uuid = BitbucketUUID.workspace(of: owner)
        return [
            "type": "team", "uuid": .string(uuid), "username": .string(slug(owner)),
            "display_name": .string(workspaceName(owner)),
            "links": [
                "self": Self.link("\(api)/workspaces/\(Self.encoded(uuid))"),
                "avatar": Self.link("\(host)/account/\(slug(owner))/avatar/"),
                "html": Self.link("\(host)/\(Self.encoded(uuid))/"),
            ],
        ]
    }

    func hook(_ hook: SandboxHook, of repository: SandboxRepository) -> JSON {
        let uuid = BitbucketUUID.hook(hook.id)
        return [
            "type": "webhook_subscription", "uuid": .string(uuid),
            "description": hook.settings["description"] ?? nil,
            "links": ["self": Self.link("\(address(of: repository))/hooks/\(Self.encoded(uuid))")],
            "url": .string(hook.url), "read_only": false,
            "skip_cert_verification": hook.settings["skip_cert_verification"] ?? false,
            "subject": shortRepository(repository), "subject_type": "repository", "active": .bool(hook.isActive),
            "created_at": .string(String(Self.time(hook.created).dropLast(6)) + "Z"),
            "events": .array(hook.events.map(JSON.string)), "secret_set": .bool(hook.secret != nil), "source": nil,
            "history_enabled": false,
        ]
    }
}
