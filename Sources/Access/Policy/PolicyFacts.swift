// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// What a condition can be about. The raw value is its name in policies. Those with `g:` are the cloud's own.
package enum ConditionKey: String, CaseIterable, Sendable, Hashable {
    case forge = "gatehouse:Forge"
    case namespace = "gatehouse:Namespace"
    case project = "gatehouse:Project"
    case branch = "gatehouse:Branch"
    case path = "gatehouse:Path"
    case userName = "g:UserName"
    case userID = "g:UserId"
}

/// What is known of a request for a condition.
package enum Fact: Sendable, Hashable {
    /// The operation has no such thing.
    case absent
    /// Not known yet, and known before anything is done or told.
    case pending
    /// It has one that cannot be told: a repository by its number, a commit in the place of a branch. It never helps to be let in.
    case unknown
    case value(String)
}

/// What policies are held against: who, which authorization, which repository, branch and file.
package struct PolicyFacts: Sendable, Hashable {
    /// The authorization's name.
    package var authorization: Fact = .absent
    private var forge: Fact = .absent
    private var namespace: Fact = .absent
    private var project: Fact = .absent
    private var branch: Fact = .absent
    private var path: Fact = .absent
    private var userName: Fact = .absent
    private var userID: Fact = .absent

    /// Whatever an action can be about, not known yet.
    package init(of action: Action, userName: Fact, userID: Fact) {
        if action.hasAuthorization { authorization = .pending }
        for key in action.keys { self[key] = .pending }
        self.userName = userName
        self.userID = userID
    }

    package init(of action: Action, by caller: Caller) {
        self.init(of: action, userName: .value(caller.user.name), userID: .value(caller.user.id))
    }

    package subscript(key: ConditionKey) -> Fact {
        get {
            switch key {
            case .forge: forge
            case .namespace: namespace
            case .project: project
            case .branch: branch
            case .path: path
            case .userName: userName
            case .userID: userID
            }
        }
        set {
            switch key {
            case .forge: forge = newValue
            case .namespace: namespace = newValue
            case .project: project = newValue
            case .branch: branch = newValue
            case .path: path = newValue
            case .userName: userName = newValue
            case .userID: userID = newValue
            }
        }
    }
}

extension Action {
    /// What its operation can be about besides the user.
    package var keys: Set<ConditionKey> {
        switch self {
        case .readAudit: []
        case .listAuthorizations, .getAuthorization, .createAuthorization, .deleteAuthorization, .getUsePolicy,
            .setUsePolicy, .deleteUsePolicy:
            [.forge]
        case .listNamespaces: [.forge, .namespace]
        case .showProject, .listProjects, .createProject, .listTags, .deleteTag, .listHooks, .createHook, .deleteHook:
            [.forge, .namespace, .project]
        case .listBranches, .createTag, .listCommits: [.forge, .namespace, .project, .branch]
        case .listFiles, .getFile, .createFile, .updateFile, .deleteFile:
            [.forge, .namespace, .project, .branch, .path]
        }
    }

    /// Whether a Resource can name what it is about.
    package var hasAuthorization: Bool { self != .readAudit }
}

/// The names of a request as conditions see them. A text that a forge may take for something else than this very name is
/// ``Fact/unknown``.
extension Fact {
    /// A namespace and a project as a caller named them: the project may be a full path, which counts then, as it does for the adapters.
    ///
    /// Where the project cannot be told, the namespace cannot either: a forge that knows the project by its number does not look at the
    /// namespace that stands before it.
    package static func names(of repository: RepositoryReference) -> (namespace: Fact, project: Fact) {
        var (place, name) = (repository.namespace, repository.project)
        if let slash = name.lastIndex(of: "/") {
            place = String(name[..<slash])
            name = String(name[name.index(after: slash)...])
        }
        let project = project(name)
        return (project == .unknown ? .unknown : namespace(place), project)
    }

    package static func namespace(_ text: String) -> Fact {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { isName($0) } ? .value(text) : .unknown
    }

    package static func project(_ text: String) -> Fact {
        isName(text[...]) && !text.lowercased().hasSuffix(".git") ? .value(text) : .unknown
    }

    /// A branch as a caller named it, where the API takes a branch, a tag or a commit; nil for the default branch, whose name nobody has
    /// said.
    package static func branch(_ ref: String?) -> Fact {
        guard let ref, isBranch(ref) else { return .unknown }
        return .value(ref)
    }

    private static func isCommit(_ text: Substring) -> Bool {
        text.utf8.count >= 4 && text.allSatisfy(\.isHexDigit)
    }

    /// Letters and digits, `.`, `_`, `-` and `~`; neither a number nor the 32 digits of an id, which are no names at some forges.
    private static func isName(_ text: Substring) -> Bool {
        guard !["", ".", ".."].contains(text) else { return false }
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType == .decimal || "._-~".unicodeScalars.contains($0)
        }
        let isNumber = text.unicodeScalars.allSatisfy { $0.properties.numericType != nil }
        return isPlain && !isNumber && !(text.utf8.count == 32 && text.allSatisfy(\.isHexDigit))
    }

    /// Whether git can take it for nothing but a branch or a tag of this name. https://git-scm.com/docs/gitrevisions
    private static func isBranch(_ ref: String) -> Bool {
        // Git takes four digits for a commit, and whatever ends as `git describe` writes one.
        let isObject = isCommit(ref[...]) || ref.ranges(of: "-g").contains { isCommit(ref[$0.upperBound...]) }
        let isSpecial = ref.hasPrefix("-") || ref.hasSuffix(".lock") || ref.hasSuffix("/") || ref.hasPrefix("/")
        let isQualified = ["refs/", "heads/", "tags/", "remotes/", "origin/"].contains {
            ref.lowercased().hasPrefix($0)
        }
        let isExpression = ref.unicodeScalars.contains {
            $0.value <= 0x20 || $0.value == 0x7F || "~^:?*[\\".unicodeScalars.contains($0)
        }
        let isHead = ["HEAD", "@", "ORIGIN"].contains(ref.uppercased()) || ref.uppercased().hasSuffix("_HEAD")
        return !ref.isEmpty && !isObject && !isSpecial && !isQualified && !isExpression && !isHead
            && !["..", "//", "@{"].contains { ref.contains($0) }
    }
}
