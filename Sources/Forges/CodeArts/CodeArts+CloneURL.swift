// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Finding one repository: by a caller's reference, or by an address for cloning.
extension CodeArts {
    /// The address of a repository's resources: `/v4/repositories/{id}`. A name is none of it: names begin with a letter,
    /// so that digits only are an id.
    func path(of repository: RepositoryReference) async throws(ForgeError) -> String {
        let project = repository.project
        if project.isNumber { return "/v4/repositories/" + project }
        var parts = project.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { throw CodeArts.notFound(.repository) }
        var place = parts.joined(separator: "/")
        if place.isEmpty {
            place = repository.namespace
            if place.isNumber {
                guard let group = try await group(place) else { throw CodeArts.notFound(.namespace) }
                place = group.path
            }
        }
        guard !place.isEmpty, let id = try await id(ofRepository: name, in: place) else {
            throw CodeArts.notFound(.repository)
        }
        return "/v4/repositories/\(id)"
    }

    /// The id of a repository; nil where there is none of this path.
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepoId.html
    func id(ofRepository name: String, in namespace: String) async throws(ForgeError) -> Int? {
        let query = [(name: "group_name", value: namespace), ("repository_name", name)]
        do {
            return try await result(Int.self, Call(.get, "/v1/repositories/repoid", query: query))
        } catch {
            // Huawei names one code for it, and whatever else is wrong with two names comes to the same.
            guard [.notFound, .invalidRequest].contains(error.code) else { throw error }
            return nil
        }
    }

    /// Whether a repository has no commit yet.
    func isEmpty(_ repository: String) async throws(ForgeError) -> Bool {
        let wire = try await session.value(WireRepository.self, Call(.get, repository))
        return wire.empty_repo ?? (wire.default_branch ?? "").isEmpty
    }

    /// A list for which the forge may have an error: empty where it says that there is nothing because the repository is
    /// empty.
    func emptyList<Item>(
        after error: ForgeError, in repository: String, orElse missing: Missing? = nil
    ) async throws(ForgeError) -> [Item] {
        guard error.code == .notFound else { throw error }
        if try await isEmpty(repository) { return [] }
        throw missing.map(CodeArts.notFound) ?? error
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepository.html
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), belongs(address), let path = RepositoryPath(address: cloneURL)
        else {
            throw ForgeError(
                .invalidCloneURL, .devcloud,
                "The address names no repository of this authorization's host. Give one such as https://codehub.devcloud.cn-north-4.huaweicloud.com/group/repository.git."
            )
        }
        guard let id = try await id(ofRepository: path.name, in: path.namespace) else {
            throw CodeArts.notFound(.repository)
        }
        let wire = try await session.value(WireRepository.self, Call(.get, "/v4/repositories/\(id)"))
        guard let repository = Repository(wire) else { throw session.nonsense("a repository without its address") }
        return repository
    }

    /// At Huawei Cloud, API and git have hosts of their own, in the same region.
    private func belongs(_ address: CloneAddress) -> Bool {
        guard let region = Origin(host.api).flatMap({ CodeArtsRegion(host: $0.host) }) else {
            return address.belongs(to: host)
        }
        guard region.contains(host: address.host) else { return false }
        return address.transport == .ssh || [nil, 80, 443].contains(address.port)
    }
}
