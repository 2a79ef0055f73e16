// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

/// Every verb of a forge, ready to be run on any of them.
enum Verb: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case account, credentialFacts, namespaces, repositories, createRepository, repositoryByAddress, branches, tags
    case createTag, createAnnotatedTag, deleteTag, commits, commitsOfRef, hooks, createHook, deleteHook, files, file
    case createFile, updateFile, deleteFile

    var testDescription: String { rawValue }

    /// Whether the verb changes something at the forge.
    var writes: Bool {
        switch self {
        case .createRepository, .createTag, .createAnnotatedTag, .deleteTag, .createHook, .deleteHook, .createFile,
            .updateFile, .deleteFile:
            true
        default: false
        }
    }

    /// Whether the verb reads a list of many pages, in its last call on the good path.
    var isPaged: Bool {
        switch self {
        case .namespaces, .repositories, .branches, .tags, .hooks: true
        default: false
        }
    }

    /// Whether the verb's own call may be refused so without harm: another one is made then. GitLab's token that may not
    /// ask for itself may be as good as any.
    func outlives(_ status: Int, at forge: ForgeID) -> Bool {
        self == .credentialFacts && forge == .gitlab && [400, 401, 403, 404].contains(status)
    }

    func run(on forge: any Forge, as stage: GoodForge) async throws(ForgeError) {
        let repository = stage.repository
        let file = FileLocation(repository: repository, path: "README.md", ref: "main")
        let new = FileLocation(repository: repository, path: "new.txt", ref: "main")
        switch self {
        case .account: _ = try await forge.account()
        case .credentialFacts: _ = try await forge.credentialFacts()
        case .namespaces: _ = try await forge.namespaces()
        case .repositories: _ = try await forge.repositories(in: stage.namespace)
        case .createRepository: _ = try await forge.createRepository(named: "engine", in: stage.namespace)
        case .repositoryByAddress: _ = try await forge.repository(cloneURL: stage.cloneURL)
        case .branches: _ = try await forge.branches(of: repository)
        case .tags: _ = try await forge.tags(of: repository)
        case .createTag:
            try await forge.createTag(TagDraft(name: "v2", description: "", ref: "main"), in: repository)
        case .createAnnotatedTag:
            try await forge.createTag(TagDraft(name: "v2", description: "two", ref: "main"), in: repository)
        case .deleteTag: try await forge.deleteTag(named: "v1", in: repository)
        case .commits: _ = try await forge.commits(of: repository, at: nil)
        case .commitsOfRef: _ = try await forge.commits(of: repository, at: "main")
        case .hooks: _ = try await forge.hooks(of: repository)
        case .createHook:
            let draft = HookDraft(url: "https://ci.example/hook", secret: Secret(GoodForge.canary))
            _ = try await forge.createHook(draft, in: repository)
        case .deleteHook: try await forge.deleteHook(id: "31", in: repository)
        case .files: _ = try await forge.files(of: repository, at: "main")
        case .file: _ = try await forge.file(at: file)
        case .createFile: try await forge.change(FileChange(.create(bytes: [1]), message: "m"), at: new)
        case .updateFile:
            try await forge.change(FileChange(.update(bytes: [1], expected: stage.blob), message: "m"), at: file)
        case .deleteFile: try await forge.change(FileChange(.delete(expected: stage.blob), message: "m"), at: file)
        }
    }
}
