// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A forge as one user sees it: every verb of the API, in our own words.
///
/// An adapter conforms once, for one host and one credential. For all verbs:
/// - Lists are complete (every page has been read), in the forge's own order. An empty repository has no branches, tags,
///   commits and files: empty lists, not errors.
/// - What the credential may not see is ``ForgeError/Code/notFound``, as at the forge itself.
/// - Nothing is tried twice, except that a refused OAuth token is renewed and the call repeated once.
/// - No verb has a default implementation.
package protocol Forge: Sendable {
    /// The user whom the credential belongs to. The cheapest call that proves a credential.
    func account() async throws(ForgeError) -> Account

    /// Proves the credential, by one call where the forge has one that does, and tells what the forge knows of it. No
    /// operation of the API: for those who look after authorizations. ``ForgeError/Code/credentialRejected`` for a dead
    /// one. A forge that does not tell, or may not tell this credential, is no error.
    func credentialFacts() async throws(ForgeError) -> CredentialFacts

    /// The user's own namespace first, then every organisation or group (and subgroup) that the user belongs to.
    func namespaces() async throws(ForgeError) -> [Namespace]

    /// The repositories directly in a namespace (not in its subgroups) that the credential can see.
    /// - Parameter namespace: a namespace's id or full path.
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository]

    /// Makes an empty, private repository. ``ForgeError/Code/alreadyExists`` where the name is taken.
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository

    /// The repository that an address for cloning names: `https`, `http`, `ssh` or `user@host:path` form, with or without
    /// a user part and `.git`. ``ForgeError/Code/invalidCloneURL`` for anything else and for another host's address.
    func repository(cloneURL: String) async throws(ForgeError) -> Repository

    /// The names of all branches.
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String]

    /// The names of all tags.
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String]

    /// Makes a tag, annotated where the draft has a description. ``ForgeError/Code/alreadyExists`` where the name is
    /// taken, ``ForgeError/Code/notFound`` where the ref is unknown, ``ForgeError/Code/invalidRequest`` for a name that git forbids.
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError)

    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError)

    /// The latest ten commits, newest first.
    /// - Parameter ref: a branch, a tag or a commit's SHA; nil for the default branch.
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit]

    /// All webhooks.
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook]

    /// Makes a webhook for push and tag events, with a JSON body. ``ForgeError/Code/alreadyExists`` where the forge
    /// refuses a second one of the same address.
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook

    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError)

    /// The full paths of all files, at every depth, never cut off. Directories and submodules are not files; symbolic links are.
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String]

    /// One file's bytes. Directories and submodules are ``ForgeError/Code/notFound``.
    func file(at location: FileLocation) async throws(ForgeError) -> FileContent

    /// Makes one commit that changes one file. ``ForgeError/Code/alreadyExists`` on creating a file that exists,
    /// ``ForgeError/Code/notFound`` on changing one that does not, ``ForgeError/Code/conflict`` when it has changed since it
    /// was read, ``ForgeError/Code/invalidRequest`` when the ref is a tag or a SHA.
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError)
}
