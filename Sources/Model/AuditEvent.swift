// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// One line of the record: that somebody has changed or used an authorization, or was refused. Never content, never a secret.
package struct AuditEvent: Sendable, Hashable {
    package enum Actor: String, CaseIterable, Sendable, Hashable {
        /// A tenant's user, through the API or the page that a browser comes back to.
        case user
        /// Whoever has the store and its key in hand, at the command line.
        case `operator`
        /// Gatehouse itself: renewing credentials, and about its record.
        case service
    }

    /// Unix time in milliseconds.
    package var time: Int64
    /// Whose record it belongs to; nil for what concerns the whole store.
    package var tenant: TenantID?
    package var actor: Actor
    /// The user who acts; where the operator acts on a user, that one.
    package var userID: String?
    package var userName: String?
    /// The operation's name, as in `openapi.yaml`.
    package var action: String
    /// The authorization's name; nil where none was found or made. Of what was done with a policy the policy's; with an access key, the key's id.
    package var authorization: String?
    package var authorizationID: String?
    package var forge: String?
    /// Namespace and repository, with a slash between.
    package var repository: String?
    /// The answer's HTTP status. For the operator, 200 for what was done and 400 for what was not.
    package var status: Int
    package var errorCode: String?
    package var requestID: String?
    /// The address that the request came from.
    package var source: String?
    /// Milliseconds.
    package var duration: Int64
    /// How many events an ``gap`` stands for.
    package var lost: Int64?

    package init(_ action: String, time: Int64, tenant: TenantID?, actor: Actor, status: Int = 200) {
        self.action = action
        self.time = time
        self.tenant = tenant
        self.actor = actor
        self.status = status
        duration = 0
    }

    /// A renewal of OAuth tokens, for whoever was about to use them or ahead of that.
    package static let renewal = "RenewCredential"
    /// Stands where events could not be written and were dropped.
    package static let gap = "AuditGap"
    /// Stands where Gatehouse has found the record before it cut or changed.
    package static let breach = "AuditBreak"

    /// The operation's name as the cloud's trace service spells names: `createPersonalAuth`.
    /// https://support.huaweicloud.com/intl/en-us/usermanual-servicestage/servicestage_03_0111.html
    package var traceName: String {
        action.prefix(1).lowercased() + action.dropFirst()
    }

    /// What was acted on. The cloud's trace service has no resource for repository authorizations: `repositoryAuth` is the word of its
    /// permissions for them.
    package var resourceType: String {
        switch action {
        case "ListAuthorizations", "ShowAuthorization", "ShowRedirectUrl", "CreateOAuth", "UpdateOAuth",
            "CreatePersonalAuth", "UpdatePersonalAuth", "CreatePasswordAuth", "UpdatePasswordAuth",
            "CheckRepositoryPassword", "DeleteAuthorize", "OAuthCallback", "ShowUsePolicy", "SetUsePolicy",
            "DeleteUsePolicy", Self.renewal:
            "repositoryAuth"
        case "CreatePolicy", "UpdatePolicy", "DeletePolicy", "AttachPolicy", "DetachPolicy": "policy"
        case "ListAuditEvents", Self.gap, Self.breach: "audit"
        case "CreateTenant", "UpdateTenantQuota", "DeleteTenant": "tenant"
        case "CreateUser", "UpdateUserPassword", "DeleteUser": "user"
        case "CreateAccessKey", "CreateTemporaryAccessKey", "DeleteAccessKey": "accessKey"
        case "CreateToken": "token"
        default: "repository"
        }
    }
}

/// An event in its place in the record.
package struct AuditEntry: Sendable, Hashable {
    /// 1 and on, over all tenants; shown to the operator only.
    package let sequence: Int64
    /// 32 lower-case hexadecimal digits that tell nothing.
    package let id: String
    package let event: AuditEvent
    /// SHA-256 over the hash of the event before it and this event.
    package let hash: Data

    package init(sequence: Int64, id: String, event: AuditEvent, hash: Data) {
        self.sequence = sequence
        self.id = id
        self.event = event
        self.hash = hash
    }
}
