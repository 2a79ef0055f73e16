// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Model
import Storage

extension House {
    /// Does something for the operator and records it, as the API's operations are.
    /// - Throws: what the act throws; a ``StoreError`` where it was done and could not be recorded.
    func recording(_ action: String, _ grant: Grant, _ act: () async throws -> Void) async throws {
        let (time, began) = (audit.now, ContinuousClock.now)
        let failure = await failure(of: act)
        var event = grant.trace.event(action, by: nil, in: grant.tenant, time: time)
        event.duration = Int64((ContinuousClock.now - began) / .milliseconds(1))
        if let failure {
            event.status = 400
            event.errorCode = Self.code(of: failure)
        }
        do {
            try await audit.write(event)
        } catch {
            // The first failure is the one to tell.
            throw failure ?? error
        }
        if let failure { throw failure }
    }

    private func failure(of act: () async throws -> Void) async -> (any Error)? {
        do {
            try await act()
            return nil
        } catch {
            return error
        }
    }

    /// A word for what went wrong; never a sentence, which may hold a name.
    private static func code(of error: any Error) -> String {
        switch error {
        case let error as AccessError: error.code.rawValue
        case let error as ForgeError: error.code.rawValue
        case let error as StoreError: error.code.rawValue
        default: "failed"
        }
    }

    /// Records what the operator has done.
    /// - Parameters:
    ///   - name: the policy's, or the access key's id.
    ///   - tenant: the user's, where there is a user.
    ///   - user: whom it was done to.
    func record(
        _ action: String, of name: String? = nil, tenant: TenantID? = nil, user: User? = nil
    ) async throws {
        var event = AuditEvent(action, time: audit.now, tenant: user?.tenant ?? tenant, actor: .operator)
        event.authorization = name
        event.userID = user?.id
        event.userName = user?.name
        try await audit.write(event)
    }

    /// Records that a tenant has been deleted with what it had.
    func record(deletionOf tenant: Tenant, _ authorizations: [Authorization]) async throws {
        let deleted = authorizations.map { authorization in
            var event = AuditEvent("DeleteAuthorize", time: audit.now, tenant: tenant.id, actor: .operator)
            event.authorization = authorization.name.text
            event.authorizationID = authorization.id
            event.forge = authorization.forge.rawValue
            return event
        }
        let end = AuditEvent("DeleteTenant", time: audit.now, tenant: tenant.id, actor: .operator)
        for event in deleted { audit.note(event) }
        try await audit.write(end)
    }
}
