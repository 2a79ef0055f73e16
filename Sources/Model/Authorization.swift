// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// How a credential was given. The raw value is the API's `token_type`.
package enum AuthorizationMode: String, CaseIterable, Sendable, Hashable, Codable {
    case oauth
    case personal
    case password
}

/// Whether the forge still takes the credential. The raw value is the API's `status`.
package enum AuthorizationStatus: Int, Sendable, Hashable, Codable {
    /// The forge accepted the credential when it was last used.
    case normal = 0
    /// The credential's lifetime is over and it cannot be renewed.
    case expired = 1
    /// The forge rejects the credential.
    case rejected = 2
}

/// Why an authorization's status is not normal. The raw value is the API's `reason`.
package enum StatusReason: String, CaseIterable, Sendable, Hashable, Codable {
    /// The forge refuses the credential: it was revoked, or a password was changed.
    case refused
    /// The forge refuses to renew the OAuth grant: it was revoked, or lay unused for too long.
    case grantEnded = "grant_ended"
    /// A process was killed between the forge's answer to a renewal and the write of the new tokens.
    case renewalLost = "renewal_lost"
    /// The credential's lifetime is over and it cannot be renewed.
    case expired
    /// The stored credential does not open: its row was changed outside of Gatehouse, or the key is another.
    case unreadable

    package var status: AuthorizationStatus {
        switch self {
        case .expired: .expired
        case .refused, .grantEnded, .renewalLost, .unreadable: .rejected
        }
    }
}

/// How an authorization fares, as far as it is known. Times are Unix times in milliseconds.
package struct Standing: Sendable, Hashable {
    /// nil where the status is normal.
    package var reason: StatusReason?
    /// When the forge last accepted the credential.
    package var proved: Int64?
    /// When a caller last used it.
    package var used: Int64?
    /// When the credential ends unless somebody acts: nil where Gatehouse renews it, where it has no end, and where the forge does
    /// not tell.
    package var expires: Int64?
    /// nil where the forge does not tell.
    package var scopes: [String]?

    package init(
        reason: StatusReason? = nil, proved: Int64? = nil, used: Int64? = nil, expires: Int64? = nil,
        scopes: [String]? = nil
    ) {
        self.reason = reason
        self.proved = proved
        self.used = used
        self.expires = expires
        self.scopes = scopes
    }
}

/// The name under which callers use an authorization: 4 to 63 letters, digits, `.`, `_` and `-`, unique in a tenant.
package struct AuthorizationName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// nil when the text breaks the naming rule. Letters and digits are ASCII ones.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard allowed, (4...63).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    package var description: String { text }
}

/// What a tenant has stored: who it is at which forge. The credential itself is not here; it stays in the vault.
package struct Authorization: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, made when the authorization is created; never shown to callers.
    package let id: String
    package let tenant: TenantID
    package let name: AuthorizationName
    package let forge: ForgeID
    package let mode: AuthorizationMode
    /// The forge's address, the API's `repo_host`: GitHub's API base, for others the address of the host.
    package let host: String
    /// The user's page at the forge, the API's `repo_home`.
    package let home: String
    /// The user's login at the forge, the API's `repo_user`.
    package let user: String
    /// The address of the user's picture, the API's `avartar`; empty where the forge has none.
    package let avatar: String
    /// The label of the OAuth site that was used, the API's `tag`.
    package let site: String?
    /// Unix time in milliseconds.
    package let created: Int64
    /// Unix time in milliseconds of the last change of the credential; equal to ``created`` at first.
    package let updated: Int64
    package let status: AuthorizationStatus

    package init(
        id: String, tenant: TenantID, name: AuthorizationName, forge: ForgeID, mode: AuthorizationMode,
        host: String, account: Account, site: String?, created: Int64, updated: Int64, status: AuthorizationStatus
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.forge = forge
        self.mode = mode
        self.host = host
        self.home = account.home
        self.user = account.login
        self.avatar = account.avatar
        self.site = site
        self.created = created
        self.updated = updated
        self.status = status
    }
}
