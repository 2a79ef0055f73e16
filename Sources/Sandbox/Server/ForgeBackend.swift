// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What an emulator works on: its forge's accounts, repositories and address.
struct ForgeBackend: Sendable {
    let forge: ForgeID
    let store: AccountStore
    /// The folder that holds the bare repositories.
    let repositories: String
    /// `http://127.0.0.1:9001`, without a slash at the end.
    let host: String
    let options: SandboxOptions
    /// Whether it is Bitbucket Data Center's, beside that of Bitbucket Cloud.
    var isDataCenter = false

    /// A repository's content.
    func git(_ repository: SandboxRepository) -> GitRepository {
        GitRepository(directory: repositories + "/" + repository.directory)
    }

    /// Makes a repository: first its folder, then its entry in the state.
    /// - Parameter make: gives the entry for a number and a folder's name; it runs under the state's lock and may refuse.
    func createRepository<Failure: Error>(
        defaultBranch: String,
        _ make: @Sendable (inout AccountState, _ id: Int, _ directory: String) throws(Failure) -> SandboxRepository
    ) async throws -> SandboxRepository {
        let directory = RandomText.hexadecimal(16) + ".git"
        let git = try await GitRepository.create(at: repositories + "/" + directory, defaultBranch: defaultBranch)
        do {
            return try store.update { state throws(Failure) in
                let id = state.makeID()
                let repository = try make(&state, id, directory)
                state.repositories.append(repository)
                return repository
            }
        } catch {
            try git.delete()
            throw error
        }
    }

    /// Notes that a repository's content has changed just now.
    func markPushed(_ repository: SandboxRepository) {
        store.update { state in
            guard let index = state.repositories.firstIndex(where: { $0.id == repository.id }) else { return }
            state.repositories[index].pushed = AccountStore.now()
            state.repositories[index].updated = AccountStore.now()
        }
    }

    /// The same after a `git push`: where the default branch is not there, the first one that is becomes the default.
    func followPush(to repository: SandboxRepository) async throws {
        markPushed(repository)
        let branches = try await git(repository).branches().map(\.shortName)
        guard let first = branches.first, !branches.contains(repository.defaultBranch) else { return }
        try await git(repository).setDefaultBranch(first)
        store.update { state in
            guard let index = state.repositories.firstIndex(where: { $0.id == repository.id }) else { return }
            state.repositories[index].defaultBranch = first
        }
    }

    /// Removes a repository with its hooks and its folder.
    func deleteRepository(_ repository: SandboxRepository) throws {
        store.update { state in
            state.repositories.removeAll { $0.id == repository.id }
            state.hooks.removeAll { $0.repositoryID == repository.id }
        }
        try git(repository).delete()
    }
}

/// A forge's API over a backend. Whatever goes wrong comes out as the forge's own error answer.
protocol ForgeEmulator: Sendable {
    func respond(to request: ForgeRequest) async -> ForgeAnswer
}
