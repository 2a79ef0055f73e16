// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Bodies about what a repository holds.
struct GitHubRepositoryView: Sendable {
    let view: GitHubView
    let repository: SandboxRepository
    let fullName: String

    init(_ view: GitHubView, _ repository: SandboxRepository) {
        self.view = view
        self.repository = repository
        fullName = view.backend.store.read { $0.fullPath(of: repository) }
    }

    var api: String { "\(view.api)/repos/\(fullName)" }
    var web: String { "\(view.web)/\(fullName)" }

    static let unverified: JSON = ["verified": false, "reason": "unsigned", "signature": nil, "payload": nil]

    /// Messages come without the line feed at their end.
    static func message(_ text: String) -> JSON {
        .string(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }

    static func person(_ signature: GitSignature) -> JSON {
        [
            "name": .string(signature.name), "email": .string(signature.email),
            "date": .string(Timestamp.utc(signature.time)),
        ]
    }

    /// The account behind an email; null where there is none.
    func account(_ signature: GitSignature) -> JSON {
        view.backend.store.read { $0.user(email: signature.email) }.map(view.simple) ?? .null
    }

    func tree(_ sha: String) -> JSON {
        ["sha": .string(sha), "url": .string("\(api)/git/trees/\(sha)")]
    }

    func parents(_ commit: GitCommit, git: Bool = false) -> JSON {
        .array(
            commit.parents.map {
                [
                    "sha": .string($0), "url": .string("\(api)/\(git ? "git/" : "")commits/\($0)"),
                    "html_url": .string("\(web)/commit/\($0)"),
                ]
            })
    }

    /// https://docs.github.com/en/rest/commits/commits#list-commits
    func commit(_ commit: GitCommit) -> JSON {
        let url = "\(api)/commits/\(commit.id)"
        return [
            "sha": .string(commit.id),
            "node_id": GitHubView.nodeID("Commit", "\(repository.id):\(commit.id)"),
            "commit": [
                "author": Self.person(commit.author),
                "committer": Self.person(commit.committer),
                "message": Self.message(commit.message),
                "tree": tree(commit.tree),
                "url": .string("\(api)/git/commits/\(commit.id)"),
                "comment_count": 0,
                "verification": Self.unverified,
            ],
            "url": .string(url),
            "html_url": .string("\(web)/commit/\(commit.id)"),
            "comments_url": .string("\(url)/comments"),
            "author": account(commit.author),
            "committer": account(commit.committer),
            "parents": parents(commit),
        ]
    }

    /// https://docs.github.com/en/rest/commits/commits#get-a-commit
    func commit(_ commit: GitCommit, files: [GitFileDifference]) -> JSON {
        let added = files.reduce(0) { $0 + $1.added }
        let deleted = files.reduce(0) { $0 + $1.deleted }
        return self.commit(commit).adding([
            "stats": [
                "total": .integer(added + deleted), "additions": .integer(added), "deletions": .integer(deleted),
            ],
            "files": .array(files.map { file($0, of: commit) }),
        ])
    }

    private func file(_ file: GitFileDifference, of commit: GitCommit) -> JSON {
        let path = PercentEncoding.encode(file.path, keeping: "/")
        return [
            "sha": .string(file.blob),
            "filename": .string(file.path),
            "status": file.status == "A" ? "added" : file.status == "D" ? "removed" : "modified",
            "additions": .integer(file.added),
            "deletions": .integer(file.deleted),
            "changes": .integer(file.added + file.deleted),
            "blob_url": .string("\(web)/blob/\(commit.id)/\(path)"),
            "raw_url": .string("\(web)/raw/\(commit.id)/\(path)"),
            "contents_url": .string("\(api)/contents/\(path)?ref=\(commit.id)"),
        ]
    }

    /// https://docs.github.com/en/rest/git/commits#get-a-commit-object
    func gitCommit(_ commit: GitCommit) -> JSON {
        [
            "sha": .string(commit.id),
            "node_id": GitHubView.nodeID("Commit", "\(repository.id):\(commit.id)"),
            "url": .string("\(api)/git/commits/\(commit.id)"),
            "html_url": .string("\(web)/commit/\(commit.id)"),
            "author": Self.person(commit.author),
            "committer": Self.person(commit.committer),
            "tree": tree(commit.tree),
            "message": Self.message(commit.message),
            "parents": parents(commit, git: true),
            "verification": Self.unverified,
        ]
    }

    /// https://docs.github.com/en/rest/git/refs#get-a-reference
    func reference(_ reference: GitReference) -> JSON {
        let path = PercentEncoding.encode(reference.name, keeping: "/")
        return [
            "ref": .string(reference.name),
            "node_id": GitHubView.nodeID("Ref", "\(repository.id):\(reference.name)"),
            "url": .string("\(api)/git/\(path)"),
            "object": object(reference.objectID, reference.objectType),
        ]
    }

    /// https://docs.github.com/en/rest/git/tags#get-a-tag
    func tag(_ tag: GitTag) -> JSON {
        [
            "node_id": GitHubView.nodeID("Tag", "\(repository.id):\(tag.id)"),
            "sha": .string(tag.id),
            "url": .string("\(api)/git/tags/\(tag.id)"),
            "tagger": tag.tagger.map(Self.person) ?? nil,
            "object": object(tag.target, tag.targetType),
            "tag": .string(tag.name),
            "message": Self.message(tag.message),
            "verification": Self.unverified,
        ]
    }

    private func object(_ sha: String, _ type: GitObjectType) -> JSON {
        [
            "sha": .string(sha), "type": .string(type.rawValue),
            "url": .string("\(api)/git/\(type.rawValue)s/\(sha)"),
        ]
    }
}
