// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a repository holds.
struct GiteeRepositoryView: Sendable {
    let view: GiteeView
    let place: SandboxRepository

    private var path: String { view.state.fullPath(of: place) }
    private var api: String { "\(view.api)/repos/\(path)" }
    private var web: String { "\(view.address)/\(path)" }

    func branch(_ branch: GitReference) -> JSON {
        let isProtected = place.settings["protected_branches"]?.arrayValue?.contains(.string(branch.shortName)) ?? false
        return [
            "name": .string(branch.shortName),
            "commit": ["sha": .string(branch.objectID), "url": .string("\(api)/commits/\(branch.objectID)")],
            "protected": .bool(isProtected),
            "protection_url": .string(
                "\(api)/branches/\(PercentEncoding.encode(branch.shortName, keeping: "/"))/protection"),
        ]
    }

    /// A branch by itself, with people in their shortest form.
    func branch(_ branch: GitReference, _ commit: GitCommit) -> JSON {
        let name = PercentEncoding.encode(branch.shortName, keeping: "/")
        let whole = self.commit(commit).removing(["html_url", "comments_url"])
        let text = (whole["commit"] ?? [:]).adding(["url": .string("\(api)/git/commits/\(commit.id)")])
        let tip = whole.adding([
            "commit": text, "author": short(commit.author), "committer": short(commit.committer),
        ])
        return self.branch(branch).adding([
            "commit": tip,
            "_links": ["html": .string("\(web)/tree/\(name)"), "self": .string("\(api)/branches/\(name)")],
        ])
    }

    func tag(_ tag: GitReference, message: String, date: String) -> JSON {
        [
            "name": .string(tag.shortName), "message": .string(message),
            "commit": ["sha": .string(tag.peeledID), "date": .string(date)],
        ]
    }

    func signature(_ signature: GitSignature) -> JSON {
        [
            "name": .string(signature.name),
            "date": .string(GiteeView.time(signature.time, offset: signature.offset)),
            "email": .string(signature.email),
        ]
    }

    private func user(_ signature: GitSignature) -> JSON {
        view.state.user(email: signature.email).map(view.simple) ?? nil
    }

    private func short(_ signature: GitSignature) -> JSON {
        guard let user = view.state.user(email: signature.email).map(view.simple) else { return nil }
        return [
            "avatar_url": user["avatar_url"] ?? nil, "url": user["url"] ?? nil, "id": user["id"] ?? nil,
            "login": user["login"] ?? nil,
        ]
    }

    private func link(_ commit: String) -> JSON {
        ["sha": .string(commit), "url": .string("\(api)/commits/\(commit)")]
    }

    /// As lists and a single commit have it.
    func commit(_ commit: GitCommit) -> JSON {
        [
            "url": .string("\(api)/commits/\(commit.id)"), "sha": .string(commit.id),
            "html_url": .string("\(web)/commit/\(commit.id)"),
            "comments_url": .string("\(api)/commits/\(commit.id)/comments"),
            "commit": [
                "author": signature(commit.author), "committer": signature(commit.committer),
                "message": .string(commit.message),
                "tree": ["sha": .string(commit.tree), "url": .string("\(api)/git/trees/\(commit.tree)")],
            ],
            "author": user(commit.author), "committer": user(commit.committer),
            "parents": .array(commit.parents.map(link)),
        ]
    }

    /// As it stands in the answer to a change of a file.
    func made(_ commit: GitCommit) -> JSON {
        [
            "sha": .string(commit.id), "author": signature(commit.author), "committer": signature(commit.committer),
            "message": .string(commit.message),
            "tree": ["sha": .string(commit.tree), "url": .string("\(api)/git/trees/\(commit.tree)")],
            "parents": .array(commit.parents.map(link)),
        ]
    }

    func difference(_ file: GitFileDifference, of commit: GitCommit) -> JSON {
        let path = PercentEncoding.encode(file.path, keeping: "/")
        let status = ["A": "added", "D": "removed"][file.status] ?? "modified"
        return [
            "sha": .string(file.blob), "filename": .string(file.path), "status": .string(status),
            "additions": .integer(file.added), "deletions": .integer(file.deleted),
            "changes": .integer(file.added + file.deleted), "blob_url": .string("\(web)/blob/\(commit.id)/\(path)"),
            "raw_url": .string("\(web)/raw/\(commit.id)/\(path)"),
            "content_url": .string("\(api)/contents/\(path)?ref=\(commit.id)"), "patch": "",
        ]
    }

    /// An entry without its content, as directories and changes have it.
    func entry(_ entry: GitTreeEntry, ref: String) -> JSON {
        let path = PercentEncoding.encode(entry.path, keeping: "/")
        let ref = PercentEncoding.encode(ref, keeping: "/")
        let url = "\(api)/contents/\(path)"
        let html = "\(web)/\(entry.type == .tree ? "tree" : "blob")/\(ref)/\(path)"
        return [
            "type": entry.type == .tree ? "dir" : "file", "size": .optional(entry.size), "name": .string(entry.name),
            "path": .string(entry.path), "sha": .string(entry.id), "url": .string(url), "html_url": .string(html),
            "download_url": entry.type == .tree ? nil : .string("\(web)/raw/\(ref)/\(path)"),
            "_links": ["self": .string(url), "html": .string(html)],
        ]
    }

    func file(_ entry: GitTreeEntry, _ bytes: [UInt8], ref: String) -> JSON {
        let shown = self.entry(entry, ref: ref)
        let text = JSON.encoded(Array("\"\(Data(bytes).base64EncodedString())\"".utf8))
        let head: JSON = ["type": "file", "encoding": "base64"]
        return head.adding(shown).adding(["size": .integer(bytes.count), "content": text])
    }

    func treeEntry(_ entry: GitTreeEntry) -> JSON {
        let isTree = entry.type == .tree
        return [
            "path": .string(entry.path), "mode": .string(isTree ? "40000" : entry.mode),
            "type": .string(entry.type.rawValue), "sha": .string(entry.id), "size": .integer(entry.size ?? 0),
            "url": .string("\(api)/git/\(isTree ? "trees" : "blobs")/\(entry.id)"),
        ]
    }

    func tree(_ name: String, _ entries: [JSON], isTruncated: Bool) -> JSON {
        [
            "sha": .string(name), "url": .string("\(api)/git/trees/\(PercentEncoding.encode(name))"),
            "tree": .array(entries), "truncated": .bool(isTruncated),
        ]
    }

    func blob(_ id: String, _ bytes: [UInt8]) -> JSON {
        [
            "sha": .string(id), "size": .integer(bytes.count), "url": .string("\(api)/git/blobs/\(id)"),
            "content": .encoded(Array("\"\(Data(bytes).base64EncodedString())\"".utf8)), "encoding": "base64",
        ]
    }

    /// Gitee gives the password back in clear.
    func hook(_ hook: SandboxHook) -> JSON {
        [
            "id": .integer(hook.id), "url": .string(hook.url), "created_at": .string(GiteeView.time(hook.created)),
            "password": .string(hook.secret?.text ?? ""), "project_id": .integer(place.id), "result": "",
            "result_code": nil, "push_events": .bool(hook.events.contains("push_events")),
            "tag_push_events": .bool(hook.events.contains("tag_push_events")),
            "issues_events": .bool(hook.events.contains("issues_events")),
            "note_events": .bool(hook.events.contains("note_events")),
            "merge_requests_events": .bool(hook.events.contains("merge_requests_events")),
        ]
    }
}
