// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Finding one project: by a caller's reference, or by an address for cloning.
extension GitLab {
    /// The address of a project's resources: `/projects/{id or full path}`.
    func path(of repository: RepositoryReference) async throws(ForgeError) -> String {
        let project = repository.project
        if project.isNumber || project.contains("/") {
            return "/projects/" + (try GitLab.segment(project, of: .repository))
        }
        let namespace = repository.namespace
        guard !project.isEmpty, !namespace.isEmpty else { throw GitLab.notFound(.repository) }
        let full = namespace.isNumber ? try await fullPath(ofNamespace: namespace) : namespace
        return "/projects/" + (try GitLab.segment(full + "/" + project, of: .repository))
    }

    /// Whether a project has no commit yet. GitLab answers 404 for an empty repository's tree and an empty list for an
    /// unknown ref's commits: only the project itself tells the two apart.
    func isEmpty(_ project: String) async throws(ForgeError) -> Bool {
        let wire = try await session.value(WireProject.self, Call(.get, project))
        return wire.empty_repo ?? (wire.default_branch == nil)
    }

    /// A list for which GitLab has an error: empty where it answers 404 because the repository is empty.
    func emptyList<Item>(
        after error: ForgeError, in project: String, orElse missing: Missing? = nil
    ) async throws(ForgeError) -> [Item] {
        guard error.code == .notFound else { throw error }
        if try await isEmpty(project) { return [] }
        throw missing.map(GitLab.notFound) ?? error
    }

    /// https://docs.gitlab.com/api/projects/#retrieve-a-project
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), let path = projectPath(of: address) else {
            throw ForgeError(
                .invalidCloneURL, .gitlab,
                "The address names no project of this authorization's host. Give one such as \(host.pages)/group/project.git."
            )
        }
        let call = Call(.get, "/projects/" + (try GitLab.segment(path, of: .repository)))
        return Repository(try await session.value(WireProject.self, call))
    }

    /// The full path of the project to which an address leads; nil for another host's address and for one that is no
    /// project's. SSH addresses never have the path below which GitLab may be installed.
    /// https://docs.gitlab.com/install/relative_url/
    private func projectPath(of address: CloneAddress) -> String? {
        guard address.belongs(to: host) else { return nil }
        var parts = address.path[...]
        if address.transport != .ssh {
            for part in host.pages.split(separator: "/").dropFirst(2) {
                guard parts.first == String(part) else { return nil }
                parts.removeFirst()
            }
        }
        guard parts.count >= 2, parts.allSatisfy(GitLab.isPathPart) else { return nil }
        return parts.joined(separator: "/")
    }

    /// Whether a text can be one part of a project's full path: ASCII letters, digits, `_`, `-` and `.`, no `-` at its
    /// start. So a page below a project (`/-/tree/main`) is none.
    /// https://docs.gitlab.com/user/reserved_names/
    static func isPathPart(_ text: String) -> Bool {
        guard !text.hasPrefix("-"), ![".", ".."].contains(text), !text.isEmpty else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
