// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Model

/// The settings of an external Keystone, `identity.keystone`.
struct KeystoneSettings: Sendable {
    let service: KeystoneService
    let roots: TrustRoots?
    let tokens: ExternalTokens.Settings
    let limits: Upstream.Limits

    private static let root = "identity.keystone"

    /// nil where no Keystone is set up.
    /// - `identity.keystone.url` (address; without it tokens are given here)
    /// - `identity.keystone.user`, `.password` (secret), `.domain` (default `Default`), `.project` (default `service`),
    ///   `.project_domain` (default that of the user)
    /// - `identity.keystone.ca` (path of a PEM file)
    /// - `identity.keystone.cache_seconds` (int, default 60), `.negative_cache_seconds` (int, default 10),
    ///   `.timeout_seconds` (int, default 10)
    /// - Throws: ``ServiceConfiguration/Invalid``.
    init?(_ settings: Settings) throws {
        let root = Self.root
        let address = try settings.string("\(root).url")
        let user = try settings.string("\(root).user")
        let password = try settings.string("\(root).password", isSecret: true)
        let domain = try settings.string("\(root).domain")
        let project = try settings.string("\(root).project")
        let projectDomain = try settings.string("\(root).project_domain")
        let authority = try settings.string("\(root).ca")
        tokens = ExternalTokens.Settings(
            memory: try settings.int("\(root).cache_seconds", default: 60, in: 0...300),
            negativeMemory: try settings.int("\(root).negative_cache_seconds", default: 10, in: 0...300))
        let timeout = try settings.int("\(root).timeout_seconds", default: 10, in: 1...60)
        limits = Upstream.Limits(
            timeout: timeout, connectTimeout: min(timeout, 5), bytes: 1 << 20, bytesTogether: 64 << 20)
        guard let address else {
            guard [user, password, domain, project, projectDomain, authority].allSatisfy({ $0 == nil }) else {
                throw ServiceConfiguration.Invalid(
                    description:
                        "\(root).url is missing: the address of the Keystone that the other settings of \(root) are for."
                )
            }
            return nil
        }
        guard let user else {
            throw ServiceConfiguration.Invalid(
                description: "\(root).user is missing: the user as whom this Gatehouse asks the Keystone about tokens.")
        }
        guard let password else {
            throw ServiceConfiguration.Invalid(
                description:
                    "\(root).password is missing. Give it in the environment, GATEHOUSE_IDENTITY_KEYSTONE_PASSWORD.")
        }
        let login = KeystoneService.Login(
            user: user, domain: domain ?? "Default", password: Secret(password), project: project ?? "service",
            projectDomain: projectDomain ?? domain ?? "Default")
        guard let service = KeystoneService(address: address, login: login) else {
            throw ServiceConfiguration.Invalid(
                description:
                    "\(root).url must be an http or https address without user, query or fragment, such as https://keystone.example.org:5000/v3."
            )
        }
        self.service = service
        roots = try Self.roots(authority, of: service)
    }

    private static func roots(_ path: String?, of service: KeystoneService) throws -> TrustRoots? {
        guard let path else { return nil }
        guard service.address.lowercased().hasPrefix("https:") else {
            throw ServiceConfiguration.Invalid(
                description: "\(root).ca has no effect: \(root).url is not https.")
        }
        do throws(TrustRoots.Unusable) {
            return try TrustRoots(file: path)
        } catch {
            throw ServiceConfiguration.Invalid(description: "\(root).ca: \(error.description)")
        }
    }
}
