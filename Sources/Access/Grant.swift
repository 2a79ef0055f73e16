// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// Proof that a caller may do something in a tenant. Only ``authorise(_:to:in:)`` makes one, and the broker opens nothing
/// without one.
package struct Grant: Sendable {
    package let caller: Caller
    package let action: Action
    package var tenant: TenantID { caller.tenant.id }

    fileprivate init(caller: Caller, action: Action) {
        self.caller = caller
        self.action = action
    }

    /// Decides whether a caller may act in a project. Every user of a tenant may do everything in it, and nothing elsewhere.
    /// - Parameter project: the `project_id` of the request's path.
    /// - Throws: ``AccessError/Code/otherTenant`` for a project that is not the caller's.
    package static func authorise(
        _ caller: Caller, to action: Action, in project: String
    ) throws(AccessError) -> Grant {
        guard project == caller.tenant.id.text else {
            throw AccessError(
                .otherTenant,
                "The project in the path is not the project of your credentials. Use your own project's ID.")
        }
        return Grant(caller: caller, action: action)
    }
}
