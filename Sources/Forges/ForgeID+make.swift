// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

extension ForgeHost {
    /// The adapter for this host: the one place that knows which forge is spoken to by which type.
    /// - Parameters:
    ///   - source: the user's credential, asked for at every call.
    ///   - upstream: the way out.
    package func open(_ source: CredentialSource, upstream: Upstream) -> any Forge {
        switch forge {
        case .github: Unbuilt(forge: forge)
        case .gitlab: GitLab(host: self, source: source, upstream: upstream)
        }
    }
}

/// Stands in an adapter's place until it is joined.
private struct Unbuilt: Forge {
    let forge: ForgeID
    private var refusal: ForgeError { ForgeError(.unsupported, forge, "This forge is not served yet.") }

    func account() async throws(ForgeError) -> Account { throw refusal }
    func namespaces() async throws(ForgeError) -> [Namespace] { throw refusal }
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] { throw refusal }
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        throw refusal
    }
    func repository(cloneURL: String) async throws(ForgeError) -> Repository { throw refusal }
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] { throw refusal }
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] { throw refusal }
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) { throw refusal }
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) { throw refusal }
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        throw refusal
    }
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] { throw refusal }
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        throw refusal
    }
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) { throw refusal }
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        throw refusal
    }
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent { throw refusal }
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) { throw refusal }
}
