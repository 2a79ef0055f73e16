// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
package import Storage

/// Proof that somebody may do something in a tenant. Only the functions here make one, and the broker opens nothing without one.
package struct Grant: Sendable {
    /// nil where the operator acts, who is no user of the tenant.
    package let caller: Caller?
    package let action: Action
    package let tenant: TenantID
    /// Where the broker tells what it touches.
    package let trace: AuditTrace

    fileprivate init(caller: Caller?, action: Action, tenant: TenantID, trace: AuditTrace) {
        self.caller = caller
        self.action = action
        self.tenant = tenant
        self.trace = trace
    }

    /// Decides whether a caller may act in a project. Every user of a tenant may do everything in it, and nothing elsewhere.
    /// - Parameter project: the `project_id` of the request's path.
    /// - Throws: ``AccessError/Code/otherTenant`` for a project that is not the caller's.
    package static func authorise(
        _ caller: Caller, to action: Action, in project: String, trace: AuditTrace = AuditTrace()
    ) throws(AccessError) -> Grant {
        guard project == caller.tenant.id.text else {
            throw AccessError(
                .otherTenant,
                "The project in the path is not the project of your credentials. Use your own project's ID.")
        }
        return Grant(caller: caller, action: action, tenant: caller.tenant.id, trace: trace)
    }

    /// Leave for the operator, at the command line, to act in any tenant.
    ///
    /// The proof is the opened vault: only who has the store and its master key in hand can make one, and could read everything
    /// without us. `Web` cannot name the type, so no request gets such a grant.
    package static func authorise(operatorOf _: Vault, to action: Action, in tenant: Tenant) -> Grant {
        Grant(caller: nil, action: action, tenant: tenant.id, trace: AuditTrace())
    }
}
