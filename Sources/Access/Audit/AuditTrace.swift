// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
import Synchronization

/// What one operation has touched, told by the broker as it goes on. Only what was found or made is told: a name that is none may be
/// a secret that was put into the wrong place.
package final class AuditTrace: Sendable {
    private struct Touched {
        var caller: Caller?
        var authorization: String?
        var id: String?
        var forge: ForgeID?
        var repository: String?
    }

    private let touched = Mutex(Touched())
    /// What the request occupies at the forges, for as long as it lasts.
    private let place = Mutex<CallPlace?>(nil)

    package init() {}

    var hasPlace: Bool { place.withLock { $0 != nil } }

    func keep(_ place: CallPlace) {
        self.place.withLock { $0 = place }
    }

    func note(_ authorization: Authorization) {
        touched.withLock {
            $0.authorization = authorization.name.text
            $0.id = authorization.id
            $0.forge = authorization.forge
        }
    }

    /// A name that an authorization has which cannot be read.
    func note(_ name: AuthorizationName) {
        touched.withLock { $0.authorization = name.text }
    }

    func note(_ forge: ForgeID) {
        touched.withLock { $0.forge = forge }
    }

    /// Who acts, where that is found out on the way.
    func note(_ caller: Caller) {
        touched.withLock { $0.caller = caller }
    }

    /// The repository that is acted on: namespace and name.
    package func note(namespace: String, project: String) {
        touched.withLock { $0.repository = project.hasPrefix(namespace + "/") ? project : "\(namespace)/\(project)" }
    }

    /// Who acts, where that was found out on the way.
    package var caller: Caller? { touched.withLock { $0.caller } }

    /// An event about what was touched.
    /// - Parameters:
    ///   - caller: nil for the operator.
    ///   - time: when it began, Unix time in milliseconds.
    package func event(_ action: String, by caller: Caller?, in tenant: TenantID, time: Int64) -> AuditEvent {
        let touched = touched.withLock { $0 }
        var event = AuditEvent(action, time: time, tenant: tenant, actor: caller == nil ? .operator : .user)
        event.userID = caller?.user.id
        event.userName = caller?.user.name
        event.authorization = touched.authorization
        event.authorizationID = touched.id
        event.forge = touched.forge?.rawValue
        // Without an authorization nothing was asked of any forge.
        if touched.authorization != nil { event.repository = touched.repository }
        return event
    }
}
