// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Bitbucket Cloud, over its REST API, version 2.0.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/
struct Bitbucket: Forge {
    let host: ForgeHost

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
    }

    private var unsupported: ForgeError { ForgeError(.unsupported, .bitbucket, "Bitbucket is not there yet.") }

    func account() async throws(ForgeError) -> Account { throw unsupported }
    func namespaces() async throws(ForgeError) -> [Namespace] { throw unsupported }
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] { throw unsupported }
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        throw unsupported
    }
    func repository(cloneURL: String) async throws(ForgeError) -> Repository { throw unsupported }
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] { throw unsupported }
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] { throw unsupported }
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) { throw unsupported }
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        throw unsupported
    }
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        throw unsupported
    }
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] { throw unsupported }
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        throw unsupported
    }
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) { throw unsupported }
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        throw unsupported
    }
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent { throw unsupported }
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) { throw unsupported }
}
