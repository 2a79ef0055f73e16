// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Storage

/// What may go through an authorization. It belongs to the authorization, whatever its credential, and goes with it.
extension Broker {
    /// The use-policy of an authorization, as it was given.
    /// - Throws: ``AccessError/Code/notFound`` where there is no authorization of the name, or no use-policy.
    package func usePolicy(of name: String, with grant: Grant) async throws -> String {
        guard let document = try await authorization(name, with: grant).usePolicy else { throw Self.noUsePolicy }
        return document
    }

    /// Says what may go through an authorization, from the next request on.
    /// - Parameter document: JSON.
    /// - Returns: the use-policy as it is stored.
    /// - Throws: ``AccessError/Code/invalidRequest`` for what is no use-policy, ``AccessError/Code/notFound``.
    package func setUsePolicy(_ document: [UInt8], of name: String, with grant: Grant) async throws -> String {
        let found = try await authorization(name, with: grant)
        do {
            _ = try Policy(document, for: .use)
        } catch {
            throw AccessError(.invalidRequest, error.description)
        }
        let text = String(decoding: document, as: UTF8.self)
        try await write(text, found.authorization.name, grant)
        return text
    }

    /// Lets everything through again that the users' own policies allow.
    /// - Throws: ``AccessError/Code/notFound`` where there is no authorization of the name, or no use-policy.
    package func deleteUsePolicy(of name: String, with grant: Grant) async throws {
        let found = try await authorization(name, with: grant)
        guard found.usePolicy != nil else { throw Self.noUsePolicy }
        try await write(nil, found.authorization.name, grant)
    }

    private func authorization(_ name: String, with grant: Grant) async throws -> SealedEntry {
        guard let valid = AuthorizationName(name), let found = try await find(valid, with: grant) else {
            throw Self.noSuchName
        }
        return found.entry
    }

    private func write(_ document: String?, _ name: AuthorizationName, _ grant: Grant) async throws {
        guard try await vault.setUsePolicy(document, of: name, tenant: grant.tenant) else {
            throw Self.deletedMeanwhile
        }
    }

    private static let noUsePolicy = AccessError(
        .notFound, "This authorization has no use-policy: whatever a user's own policies allow may go through it.")
}
