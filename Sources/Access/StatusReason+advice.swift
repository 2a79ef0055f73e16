// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

extension StatusReason {
    /// What it means and what to do, in sentences for the authorization's user.
    package var advice: String {
        switch self {
        case .refused:
            "The forge refuses the credential: it was revoked there, the password was changed, or its lifetime is over. Authorize again."
        case .grantEnded:
            "The forge does not renew the OAuth grant: it was revoked there, or lay unused for too long. Authorize again."
        case .renewalLost:
            "The service was killed just when the forge had renewed the tokens, and they are lost. Authorize again."
        case .expired: "The credential's lifetime is over. Make a new one at the forge, and authorize again with it."
        case .unreadable:
            "The stored credential cannot be opened: it was changed outside of the service, or the master key is another. Delete the authorization and make it again, or let the operator restore a backup."
        }
    }
}
