// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A user at a forge.
package struct Account: Sendable, Hashable {
    /// The name that the forge shows in addresses.
    package let login: String
    /// The address of the user's page.
    package let home: String
    /// The address of the user's picture; empty where there is none.
    package let avatar: String

    package init(login: String, home: String, avatar: String) {
        self.login = login
        self.home = home
        self.avatar = avatar
    }
}

/// A place that holds repositories: a user, an organisation, a group or a subgroup.
package struct Namespace: Sendable, Hashable {
    /// What the API's path takes as `{namespace}`.
    package let id: String
    /// The full path with slashes, as in a clone address.
    package let name: String

    package init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// How a caller named a repository: the two path segments of the API, decoded, `:` already turned into `/`.
package struct RepositoryReference: Sendable, Hashable {
    /// A namespace's id or full path.
    package let namespace: String
    /// A repository's id, its name in the namespace, or its full path.
    package let project: String

    package init(namespace: String, project: String) {
        self.namespace = namespace
        self.project = project
    }
}

/// A repository at a forge.
package struct Repository: Sendable, Hashable {
    /// What the API's path takes as `{project}`.
    package let id: String
    /// The last part of the repository's path.
    package let name: String
    /// The address for cloning over HTTP, with no credential in it.
    package let cloneURL: String
    package let namespace: Namespace

    package init(id: String, name: String, cloneURL: String, namespace: Namespace) {
        self.id = id
        self.name = name
        self.cloneURL = cloneURL
        self.namespace = namespace
    }
}

/// A tag to be made.
package struct TagDraft: Sendable, Hashable {
    package let name: String
    /// The message of an annotated tag; when empty the tag is a lightweight one.
    package let description: String
    /// A branch, a tag or a commit's SHA that the tag shall point at.
    package let ref: String

    package init(name: String, description: String, ref: String) {
        self.name = name
        self.description = description
        self.ref = ref
    }
}

/// A commit, as far as the API shows it.
package struct Commit: Sendable, Hashable {
    /// 40 (or 64) lower-case hexadecimal digits.
    package let sha: String
    package let message: String
    /// `2024-01-02T03:04:05Z`, always UTC and whole seconds; empty where the commit has no author date.
    package let authoredDate: String

    package init(sha: String, message: String, authoredDate: String) {
        self.sha = sha
        self.message = message
        self.authoredDate = authoredDate
    }
}

/// A webhook of a repository. The secret it was made with is never part of it.
package struct Hook: Sendable, Hashable {
    package let id: String
    /// Where the forge sends its deliveries.
    package let callbackURL: String

    package init(id: String, callbackURL: String) {
        self.id = id
        self.callbackURL = callbackURL
    }
}

/// A webhook to be made.
package struct HookDraft: Sendable, Hashable {
    package let url: String
    package let secret: Secret

    package init(url: String, secret: Secret) {
        self.url = url
        self.secret = secret
    }
}
