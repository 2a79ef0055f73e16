// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What the repository's own objects look like in the API.
extension CodeArtsView {
    func commit(_ commit: GitCommit) -> JSON {
        let author = state.user(email: commit.author.email)
        let title = commit.message.prefix { !$0.isNewline }
        return [
            "id": .string(commit.id), "message": .string(commit.message),
            "parent_ids": .array(commit.parents.map(JSON.string)),
            "authored_date": .string(Self.time(commit.author.time)), "author_name": .string(commit.author.name),
            "author_email": .string(commit.author.email), "committed_date": .string(Self.time(commit.committer.time)),
            "committer_name": .string(commit.committer.name), "committer_email": .string(commit.committer.email),
            "open_gpg_verified": false, "verification_status": 0, "short_id": .string(String(commit.id.prefix(8))),
            "created_at": .string(Self.time(commit.committer.time)), "title": .string(String(title)),
            "author_avatar_url": "", "committer_avatar_url": "", "relate_url": [], "nick_name": .optional(author?.name),
            "tenant_name": .string(SandboxSeed.domain), "user_name": .optional(author?.login),
            "author_id": .optional(author?.id),
        ]
    }

    /// As a file has it, with fewer members.
    func fileCommit(_ commit: GitCommit) -> JSON {
        self.commit(commit).removing([
            "short_id", "created_at", "title", "author_avatar_url", "committer_avatar_url", "relate_url", "nick_name",
            "tenant_name", "user_name", "author_id",
        ])
    }

    func branch(_ name: String, at commit: GitCommit, isDefault: Bool) -> JSON {
        [
            "name": .string(name), "commit": self.commit(commit), "merged": false, "protected": .bool(isDefault),
            "developers_can_push": false, "developers_can_merge": false, "can_push": true, "default": .bool(isDefault),
        ]
    }

    /// In the list, in its simple and its basic form.
    func listedBranch(_ name: String, isDefault: Bool) -> JSON {
        [
            "name": .string(name), "default": .bool(isDefault), "can_delete": .bool(!isDefault), "can_read": true,
            "can_download": true, "can_push": true,
        ]
    }

    func tag(_ reference: GitReference, message: String, commit: GitCommit?) -> JSON {
        [
            "name": .string(reference.shortName), "message": .string(message), "target": .string(reference.peeledID),
            "commit": commit.map(self.commit) ?? nil,
        ]
    }

    func listedTag(_ reference: GitReference, message: String) -> JSON {
        [
            "name": .string(reference.shortName), "message": .string(message), "target": .string(reference.peeledID),
            "gpgKey": nil, "can_delete": true, "can_read": true, "can_download": true,
        ]
    }

    func treeEntry(_ entry: GitTreeEntry) -> JSON {
        [
            "id": .string(entry.id), "name": .string(entry.name), "type": .string(entry.type.rawValue),
            "path": .string(entry.path), "mode": .string(entry.mode), "submodule_link": nil, "submodule_branch": nil,
            "md5": nil,
        ]
    }
}
