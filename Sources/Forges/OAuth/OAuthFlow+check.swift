// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What a forge says of an OAuth application.
package enum ApplicationVerdict: Sendable, Hashable {
    /// It knows the application and takes its secret.
    case accepted
    /// It knows the application; whether the secret is right it does not tell.
    case known
    /// It does not take the application: only the operator can mend that. With what to do.
    case refused(String)
    /// It told nothing of the application. With why.
    case unknown(String)
}

extension OAuthFlow {
    /// Asks the forge for tokens for a code that it has never given: one that takes the application refuses the code, one that
    /// does not take it says that. Nobody's grant is touched. Then asks for the page that users are sent to.
    package func check() async -> ApplicationVerdict {
        do {
            _ = try await exchange(code: Secret("gatehouse-doctor"), verifier: Self.makeVerifier())
        } catch {
            if error.code != .oauthRejected {
                let status = error.upstreamStatus ?? 500
                return error.code == .unavailable && status < 500 ? .refused(error.message) : .unknown(error.message)
            }
        }
        if let verdict = await checkPage() { return verdict }
        // Gitea's word for a wrong secret is its word for a wrong code.
        return application.host.forge == .gitea ? .known : .accepted
    }

    /// nil where there is such a page.
    private func checkPage() async -> ApplicationVerdict? {
        let address = authorizeURL(state: "gatehouse-doctor", verifier: Self.makeVerifier())
        do {
            let response = try await upstream.send(Upstream.Request(.get, address), to: application.host.forge)
            guard response.status == 404 || response.status == 410 else { return nil }
            return .refused(
                "\(application.host.forge.displayName) has no page at \(application.authorizeAddress) for this client id. Check host and client_id."
            )
        } catch {
            return .unknown(error.message)
        }
    }
}
