// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Builds the bodies of Gitea's answers, member by member in the order of the forge's own.
struct GiteaView: Sendable {
    /// `http://127.0.0.1:9006`
    let address: String
    let state: AccountState

    func user(_ user: SandboxUser) -> JSON {
        [
            "id": .integer(user.id), "login": .string(user.login), "login_name": "", "source_id": 0,
            "full_name": .string(user.name), "email": .string(user.email),
            "avatar_url": .string("\(address)/avatars/\(user.id)"), "html_url": .string("\(address)/\(user.login)"),
            "language": "", "is_admin": false, "last_login": "0001-01-01T00:00:00Z",
            "created": .string(Timestamp.utc(user.created)), "restricted": false, "active": true,
            "prohibit_login": false, "location": "", "website": "", "description": "", "visibility": "public",
            "followers_count": 0, "following_count": 0, "starred_repos_count": 0, "username": .string(user.login),
        ]
    }

    func organization(_ group: SandboxGroup) -> JSON {
        [
            "id": .integer(group.id), "name": .string(group.path), "full_name": .string(group.name), "email": "",
            "avatar_url": .string("\(address)/avatars/\(group.id)"), "description": .string(group.description),
            "website": "", "location": "", "visibility": "public", "repo_admin_change_team_access": true,
            "username": .string(group.path),
        ]
    }

    /// An organisation stands as a user where something is owned.
    private func owner(_ owner: RepositoryOwner) -> JSON {
        switch owner {
        case .user(let id): return state.user(id: id).map(user) ?? nil
        case .group(let id):
            guard let group = state.group(id: id) else { return nil }
            let empty = SandboxUser(
                id: group.id, login: group.path, name: group.name, email: "", password: KeptSecret(""),
                created: group.created, namespaceID: group.id)
            return user(empty)
        }
    }

    func repository(_ place: SandboxRepository, isEmpty: Bool, as user: SandboxUser?) -> JSON {
        let path = state.fullPath(of: place)
        let web = "\(address)/\(path)"
        let role = user.flatMap { state.role(of: $0.id, in: place) }
        return [
            "id": .integer(place.id), "owner": owner(place.owner), "name": .string(place.path),
            "full_name": .string(path), "description": .string(place.description ?? ""), "empty": .bool(isEmpty),
            "private": .bool(place.visibility != .public), "fork": false, "template": false, "mirror": false, "size": 0,
            "language": "", "languages_url": .string("\(address)/api/v1/repos/\(path)/languages"),
            "html_url": .string(web), "url": .string("\(address)/api/v1/repos/\(path)"), "link": "",
            "ssh_url": .string("git@127.0.0.1:\(path).git"), "clone_url": .string("\(web).git"), "original_url": "",
            "website": "", "stars_count": 0, "forks_count": 0, "watchers_count": 1, "open_issues_count": 0,
            "open_pr_counter": 0, "release_counter": 0, "default_branch": .string(place.defaultBranch),
            "archived": .bool(place.isArchived), "created_at": .string(Timestamp.utc(place.created)),
            "updated_at": .string(Timestamp.utc(place.updated)), "archived_at": "1970-01-01T00:00:00Z",
            "permissions": [
                "admin": .bool(role.map { $0 >= .maintainer } ?? false),
                "push": .bool(role.map { $0 >= .developer } ?? false), "pull": true,
            ],
            "has_issues": true, "has_wiki": true, "has_pull_requests": true, "has_projects": true,
            "has_releases": true, "has_packages": true, "has_actions": true, "ignore_whitespace_conflicts": false,
            "allow_merge_commits": true, "default_merge_style": "merge", "avatar_url": "", "internal": false,
            "mirror_interval": "", "object_format_name": "sha1", "mirror_updated": "0001-01-01T00:00:00Z",
            "repo_transfer": nil, "topics": [], "licenses": [],
        ]
    }
}

/// What a repository holds.
struct GiteaRepositoryView: Sendable {
    let view: GiteaView
    let place: SandboxRepository

    private var path: String { view.state.fullPath(of: place) }
    private var api: String { "\(view.address)/api/v1/repos/\(path)" }
    private var web: String { "\(view.address)/\(path)" }

    /// RFC 3339, in the place's own time.
    private func time(_ signature: GitSignature) -> JSON {
        guard signature.offset != 0 else { return .string(Timestamp.utc(signature.time)) }
        return .string(Timestamp.local(signature.time, offset: signature.offset))
    }

    private func person(_ signature: GitSignature) -> JSON {
        ["name": .string(signature.name), "email": .string(signature.email), "date": time(signature)]
    }

    private func payloadPerson(_ signature: GitSignature) -> JSON {
        [
            "name": .string(signature.name), "email": .string(signature.email),
            "username": .string(view.state.user(email: signature.email)?.login ?? ""),
        ]
    }

    func branch(_ branch: GitReference, _ commit: GitCommit) -> JSON {
        [
            "name": .string(branch.shortName),
            "commit": [
                "id": .string(commit.id), "message": .string(commit.message),
                "url": .string("\(web)/commit/\(commit.id)"), "author": payloadPerson(commit.author),
                "committer": payloadPerson(commit.committer), "verification": nil, "timestamp": time(commit.committer),
                "added": nil, "removed": nil, "modified": nil,
            ],
            "protected": false, "required_approvals": 0, "enable_status_check": false, "status_check_contexts": [],
            "user_can_push": true, "user_can_merge": true, "effective_branch_protection_name": "",
        ]
    }

    func tag(_ tag: GitReference, _ commit: GitCommit?, message: String) -> JSON {
        let name = PercentEncoding.encode(tag.shortName, keeping: "/")
        return [
            "name": .string(tag.shortName), "message": .string(message), "id": .string(tag.objectID),
            "commit": [
                "url": .string("\(api)/git/commits/\(tag.peeledID)"), "sha": .string(tag.peeledID),
                "created": commit.map { time($0.committer) } ?? nil,
            ],
            "zipball_url": .string("\(web)/archive/\(name).zip"),
            "tarball_url": .string("\(web)/archive/\(name).tar.gz"),
        ]
    }

    func commit(_ commit: GitCommit) -> JSON {
        let url = "\(api)/git/commits/\(commit.id)"
        return [
            "url": .string(url), "sha": .string(commit.id), "created": time(commit.committer),
            "html_url": .string("\(web)/commit/\(commit.id)"),
            "commit": [
                "url": .string(url), "author": person(commit.author), "committer": person(commit.committer),
                "message": .string(commit.message),
                "tree": [
                    "url": .string("\(api)/git/trees/\(commit.tree)"), "sha": .string(commit.tree),
                    "created": time(commit.committer),
                ],
                "verification": nil,
            ],
            "author": view.state.user(email: commit.author.email).map(view.user) ?? nil,
            "committer": view.state.user(email: commit.committer.email).map(view.user) ?? nil,
            "parents": .array(
                commit.parents.map {
                    ["url": .string("\(api)/git/commits/\($0)"), "sha": .string($0), "created": time(commit.committer)]
                }),
            "files": nil, "stats": nil,
        ]
    }

    /// As it stands in the answer to a change of a file.
    func made(_ commit: GitCommit) -> JSON {
        let whole = self.commit(commit)
        return [
            "url": whole["url"] ?? nil, "sha": .string(commit.id), "created": whole["created"] ?? nil,
            "html_url": whole["html_url"] ?? nil, "author": person(commit.author),
            "committer": person(commit.committer), "parents": whole["parents"] ?? [],
            "message": .string(commit.message), "tree": whole["commit"]?["tree"] ?? nil,
        ]
    }

    /// A file's bytes up to ten megabytes; nothing of directories' entries.
    func content(_ entry: GitTreeEntry, ref: String, bytes: [UInt8]?) -> JSON {
        let path = PercentEncoding.encode(entry.path, keeping: "/")
        let ref = PercentEncoding.encode(ref, keeping: "/")
        let url = "\(api)/contents/\(path)?ref=\(ref)"
        let git = "\(api)/git/\(entry.type == .tree ? "trees" : "blobs")/\(entry.id)"
        let type =
            switch entry.type {
            case .tree: "dir"
            case .commit: "submodule"
            case .blob, .tag: entry.isSymbolicLink ? "symlink" : "file"
            }
        let isFile = type == "file"
        let target = entry.isSymbolicLink ? bytes.map { String(decoding: $0, as: UTF8.self) } : nil
        let inline = isFile ? bytes.map { Array("\"\(Data($0).base64EncodedString())\"".utf8) } : nil
        return [
            "name": .string(entry.name), "path": .string(entry.path), "sha": .string(entry.id),
            "last_commit_sha": "", "type": .string(type), "size": .integer(entry.size ?? 0),
            "encoding": inline == nil ? nil : "base64", "content": inline.map { .encoded($0) } ?? nil,
            "target": .optional(target), "url": .string(url), "html_url": .string("\(web)/src/branch/\(ref)/\(path)"),
            "git_url": entry.isSubmodule ? nil : .string(git),
            "download_url": isFile ? .string("\(web)/raw/branch/\(ref)/\(path)") : nil, "submodule_git_url": nil,
            "_links": ["self": .string(url), "git": .string(git), "html": .string("\(web)/src/branch/\(ref)/\(path)")],
        ]
    }

    func treeEntry(_ entry: GitTreeEntry) -> JSON {
        [
            "path": .string(entry.path), "mode": .string(entry.mode), "type": .string(entry.type.rawValue),
            "size": .integer(entry.size ?? 0), "sha": .string(entry.id),
            "url": .string("\(api)/git/\(entry.type == .tree ? "trees" : "blobs")/\(entry.id)"),
        ]
    }

    func tree(_ id: String, _ entries: [JSON], page: Int, total: Int, isTruncated: Bool) -> JSON {
        [
            "sha": .string(id), "url": .string("\(api)/git/trees/\(id)"), "tree": .array(entries),
            "truncated": .bool(isTruncated), "page": .integer(page), "total_count": .integer(total),
        ]
    }

    /// The secret is told to nobody.
    func hook(_ hook: SandboxHook) -> JSON {
        [
            "id": .integer(hook.id), "type": hook.settings["type"] ?? "gitea", "branch_filter": "*",
            "config": ["content_type": hook.settings["content_type"] ?? "json", "url": .string(hook.url)],
            "events": .array(hook.events.map(JSON.string)), "authorization_header": "",
            "active": .bool(hook.isActive), "updated_at": .string(Timestamp.utc(hook.updated)),
            "created_at": .string(Timestamp.utc(hook.created)),
        ]
    }
}
