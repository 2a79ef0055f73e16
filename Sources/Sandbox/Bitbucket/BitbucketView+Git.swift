// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension BitbucketView {
    /// Who made something, with the account where the email is one's.
    func author(_ signature: GitSignature) -> JSON {
        let raw: JSON = ["type": "author", "raw": .string("\(signature.name) <\(signature.email)>")]
        return state.user(email: signature.email).map { raw.adding(["user": user($0)]) } ?? raw
    }

    private static func text(_ message: String) -> JSON {
        let html = message.split(separator: "\n\n").map { "<p>" + HTMLPage.escape($0.trimmed) + "</p>" }.joined()
        return ["type": "rendered", "raw": .string(message), "markup": "markdown", "html": .string(html)]
    }

    func shortCommit(_ id: String, _ repository: SandboxRepository) -> JSON {
        [
            "type": "commit", "hash": .string(id),
            "links": [
                "self": Self.link("\(address(of: repository))/commit/\(id)"),
                "html": Self.link("\(page(of: repository))/commits/\(id)"),
            ],
        ]
    }

    func commit(_ commit: GitCommit, _ repository: SandboxRepository) -> JSON {
        let address = address(of: repository)
        let own = "\(address)/commit/\(commit.id)"
        return [
            "type": "commit", "hash": .string(commit.id), "date": Self.gitTime(commit.author),
            "author": author(commit.author), "message": .string(commit.message),
            "summary": Self.text(commit.message), "rendered": ["message": Self.text(commit.message)],
            "links": [
                "self": Self.link(own), "html": Self.link("\(page(of: repository))/commits/\(commit.id)"),
                "diff": Self.link("\(address)/diff/\(commit.id)"), "patch": Self.link("\(address)/patch/\(commit.id)"),
                "approve": Self.link(own + "/approve"), "comments": Self.link(own + "/comments"),
                "statuses": Self.link(own + "/statuses"),
            ],
            "parents": .array(commit.parents.map { shortCommit($0, repository) }),
            "repository": shortRepository(repository),
        ]
    }

    func branch(_ name: String, _ target: JSON, _ repository: SandboxRepository) -> JSON {
        let address = address(of: repository)
        let path = PercentEncoding.encode(name, keeping: "/@")
        return [
            "type": "branch", "name": .string(name), "target": target,
            "links": [
                "self": Self.link("\(address)/refs/branches/\(path)"),
                "commits": Self.link("\(address)/commits/\(path)"),
                "html": Self.link("\(page(of: repository))/branch/\(path)"),
            ],
            "merge_strategies": ["merge_commit", "squash", "fast_forward"],
            "sync_strategies": ["merge_commit", "rebase"], "default_merge_strategy": "merge_commit",
        ]
    }

    /// - Parameter tag: the tag's object; nil for a lightweight one, which has no message, date and tagger.
    func tag(_ name: String, _ tag: GitTag?, _ target: JSON, _ repository: SandboxRepository) -> JSON {
        let address = address(of: repository)
        let path = PercentEncoding.encode(name, keeping: "/@")
        return [
            "type": "tag", "name": .string(name), "message": .optional(tag?.message),
            "date": tag?.tagger.map(Self.gitTime) ?? nil, "tagger": tag?.tagger.map(author) ?? nil, "target": target,
            "links": [
                "self": Self.link("\(address)/refs/tags/\(path)"), "commits": Self.link("\(address)/commits/\(path)"),
                "html": Self.link("\(page(of: repository))/commits/tag/\(path)"),
            ],
        ]
    }

    /// A file, link, directory or submodule.
    func entry(_ entry: GitTreeEntry, at commit: String, _ repository: SandboxRepository, isBinary: Bool = false)
        -> JSON
    {
        let path = PercentEncoding.encode(entry.path, keeping: "/@")
        let address = "\(address(of: repository))/src/\(commit)/\(path)"
        let common: JSON = ["path": .string(entry.path), "commit": shortCommit(commit, repository)]
        guard entry.type != .tree else {
            return common.adding([
                "type": "commit_directory",
                "links": ["self": Self.link(address + "/"), "meta": Self.link(address + "/?format=meta")],
            ])
        }
        var attributes: [JSON] = []
        if entry.isSymbolicLink { attributes.append("link") }
        if entry.mode == "100755" { attributes.append("executable") }
        if entry.isSubmodule { attributes.append("subrepository") }
        if isBinary { attributes.append("binary") }
        return common.adding([
            "type": "commit_file", "escaped_path": .string(path), "attributes": .array(attributes),
            "size": .integer(entry.size ?? 40), "mimetype": .optional(BitbucketMediaType.of(entry.path)),
            "links": [
                "self": Self.link(address), "meta": Self.link(address + "?format=meta"),
                "history": Self.link("\(self.address(of: repository))/filehistory/\(commit)/\(path)"),
            ],
        ])
    }
}

/// A file's media type, by the ending of its name as Bitbucket has it.
enum BitbucketMediaType {
    private static let known = [
        "json": "application/json", "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml",
        "html": "text/html", "css": "text/css", "js": "application/javascript", "py": "text/x-python",
        "c": "text/x-csrc", "sh": "application/x-sh", "txt": "text/plain", "pdf": "application/pdf",
        "zip": "application/zip", "xml": "application/xml", "bin": "application/octet-stream",
    ]

    /// nil for an ending that Bitbucket does not know, such as `md`.
    static func of(_ path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return known[name[name.index(after: dot)...].lowercased()]
    }
}
