// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension BitbucketServerEmulator {
    /// By name; only what the user can see.
    func repositories(_ call: BitbucketServerCall) throws -> Response {
        _ = try project(call)
        let owner = try call.owner()
        let found = call.state.repositories.filter {
            $0.owner == owner && call.state.mayRead($0, as: call.caller?.user.id)
        }
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(paging.page(of: found.sorted { $0.name < $1.name }) { call.entities.repository($0) })
    }

    func repository(_ call: BitbucketServerCall) throws -> Response {
        .bitbucketServer(call.entities.repository(try call.repository()))
    }

    /// Only the name counts; the slug is made of it.
    func createRepository(_ call: BitbucketServerCall) async throws -> Response {
        let user = try call.user
        let owner = try call.owner()
        switch owner {
        case .user(let id): guard id == user.id else { throw BitbucketServerRefusal.unauthorised }
        case .group(let id):
            guard let role = call.state.role(of: user.id, inGroup: id), role >= .maintainer else {
                throw BitbucketServerRefusal.unauthorised
            }
        }
        let body = try await call.request.json()
        let name = body["name"]?.stringValue ?? ""
        let slug = try Self.slug(of: name)
        let isPublic = body["public"]?.boolValue ?? false
        let description = body["description"]?.stringValue
        let branch = body["defaultBranch"]?.stringValue ?? "master"
        let made = try await backend.createRepository(defaultBranch: branch) {
            state, id, directory throws(BitbucketServerRefusal) in
            guard state.bitbucketRepository(owner, slug: slug) == nil else { throw Self.taken }
            let now = AccountStore.now()
            return SandboxRepository(
                id: id, owner: owner, path: slug, name: name, description: description,
                visibility: isPublic ? .public : .private, defaultBranch: branch, directory: directory, created: now,
                updated: now)
        }
        return .bitbucketServer(call.entities.repository(made), status: .created)
    }

    /// A new name moves the repository; its old address then leads to the new one.
    func updateRepository(_ call: BitbucketServerCall) async throws -> Response {
        let found = try call.repository(as: .maintainer)
        let body = try await call.request.json()
        let name = body["name"]?.stringValue ?? found.name
        let slug = try Self.slug(of: name)
        let archived = body["archived"]?.boolValue ?? found.isArchived
        let changed = try backend.store.update { state throws(BitbucketServerRefusal) -> SandboxRepository in
            guard let index = state.repositories.firstIndex(where: { $0.id == found.id }) else {
                throw .noRepository(call.path["key"], call.path["slug"])
            }
            if slug != found.path {
                guard state.bitbucketRepository(found.owner, slug: slug) == nil else { throw Self.taken }
                state.repositories[index].formerPaths.append(state.fullPath(of: found).lowercased())
            }
            state.repositories[index].name = name
            state.repositories[index].path = slug
            state.repositories[index].isArchived = archived
            return state.repositories[index]
        }
        return .bitbucketServer(call.entities.repository(changed), status: .created)
    }

    func deleteRepository(_ call: BitbucketServerCall) throws -> Response {
        try backend.deleteRepository(try call.repository(as: .maintainer))
        return .bitbucketServer(["context": nil, "message": "Repository scheduled for deletion."], status: .accepted)
    }

    private static let taken = BitbucketServerRefusal(
        status: 409, context: "name", message: "This repository URL is already taken.")

    /// https://confluence.atlassian.com/bitbucketserver/creating-repositories-776639815.html
    private static func slug(of name: String) throws(BitbucketServerRefusal) -> String {
        guard (1...128).contains(name.utf8.count) else {
            throw .invalid("name", "The repository's name must be between 1 and 128 characters long.")
        }
        let isAllowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_. ".utf8.contains(byte)
            }
        }
        guard isAllowed, let first = name.first, first.isLetter || first.isNumber else {
            throw .invalid(
                "name",
                "Repository names must start with a letter or number and may only contain spaces, hyphens, underscores and full stops."
            )
        }
        return String(name.lowercased().map { $0 == " " ? "-" : $0 })
    }
}
