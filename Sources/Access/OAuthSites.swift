// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Model

/// The OAuth applications that the operator has registered at the forges, one for each forge and site.
package struct OAuthSites: Sendable {
    private let applications: [OAuthApplication]

    package init(_ applications: [OAuthApplication]) {
        self.applications = applications
    }

    /// The application of a forge for a site's label (the API's `tag`); nil asks for the usual one.
    /// - Throws: ``AccessError/Code/invalidRequest`` for a label that is not configured, ``AccessError/Code/unsupported`` where
    ///   the forge has no application at all.
    func application(_ forge: ForgeID, site: String?) throws(AccessError) -> OAuthApplication {
        let own = applications.filter { $0.host.forge == forge }
        if let found = own.first(where: { $0.site == site }) { return found }
        guard !own.isEmpty else {
            throw AccessError(
                .unsupported,
                "OAuth is not set up for \(forge.displayName) here. Use a personal token, or ask the operator to configure forges.\(forge.rawValue).oauth."
            )
        }
        let known = own.map { $0.site ?? "none (leave tag out)" }.sorted().joined(separator: ", ")
        let fault = site == nil ? "tag is missing, and there is no usual site" : "tag is not a known site"
        throw AccessError(.invalidRequest, "\(fault) of \(forge.displayName). Known: \(known).")
    }

    /// - Throws: ``AccessError/Code/unsupported`` where the forge has no application at all.
    func requireAny(of forge: ForgeID) throws(AccessError) {
        guard !applications.contains(where: { $0.host.forge == forge }) else { return }
        _ = try application(forge, site: nil)
    }

    /// Whether a site's label means this application, or may have meant it: two labels may name one application, and a label that
    /// is not configured any more may have named any.
    func mayBe(_ application: OAuthApplication, site: String?) -> Bool {
        let named = applications.first { $0.host.forge == application.host.forge && $0.site == site }
        return named.map { $0.host == application.host && $0.clientID == application.clientID } ?? true
    }

    /// The application with which an authorization is renewed whose caller names no site: its own one, or that of its host.
    /// - Throws: as ``application(_:site:)``; ``AccessError/Code/invalidRequest`` where its host has none.
    func application(renewing authorization: Authorization) throws(AccessError) -> OAuthApplication {
        try requireAny(of: authorization.forge)
        let here = applications.filter { $0.host.forge == authorization.forge && $0.host.shown == authorization.host }
        if let found = here.first(where: { $0.site == authorization.site }) ?? here.first { return found }
        throw AccessError(
            .invalidRequest,
            "No OAuth application is set up for the host of \(authorization.name). Give tag to move it to another host."
        )
    }
}
