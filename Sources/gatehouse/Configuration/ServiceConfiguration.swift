// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Configuration
import Forges
import Foundation
import Logging
import Model
import Storage
import SystemPackage
import Web

/// Everything that `gatehouse serve` can be told, read once at start. `docs/configuration.md` describes the keys.
///
/// A value is taken from the command line, else from the environment (`GATEHOUSE_` and the key in capitals, dots as `_`), else from the
/// configuration file (YAML or JSON), else it is the default.
struct ServiceConfiguration: Sendable {
    struct TLS: Sendable {
        let certificate: String
        let key: String
    }

    enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    var host: String
    var port: Int
    var tls: TLS?
    /// What is asked of those who connect.
    var door: FrontDoor
    /// The address under which callers and browsers reach this Gatehouse; no slash at its end.
    var publicURL: String
    var storePath: String
    var masterKey: KeySource
    var allowances: [NetworkPolicy.Allowance]
    var trustedHosts: [ForgeHost]
    /// What gives tokens for the operator's own installations of CodeArts Repo, where it is not their own origin.
    var identities: [ForgeHost: IAMService]
    /// The authorities of the operator's own installations.
    var roots: [ForgeID: TrustRoots]
    /// The addresses that callers mean who name no host.
    var usualHosts: [ForgeID: String]
    var applications: [OAuthApplication]
    var limits: Upstream.Limits
    /// What one tenant may use, where the operator has not said otherwise.
    var quota: Quota
    /// Seconds.
    var tokenLifetime: Int64
    /// Whose tokens are taken in the place of one's own; nil where tokens are given here.
    var keystone: KeystoneSettings?
    /// Seconds between two proofs of an authorization by the checker; 0 where there is none.
    var checkInterval: Int64
    /// Seconds before a credential's end from which on it is warned of.
    var checkWarning: Int64
    /// The names of policies by the name of a Keystone role, in lower case.
    var roles: [String: [String]]
    /// Days that events of the record are kept; 0 for ever.
    var auditRetention: Int
    var metricsHost: String
    /// Where metrics are served; nil for nowhere.
    var metricsPort: Int?
    var logLevel: Logger.Level
    var logFormat: LogFormat
    /// The environment's variables that look like ours and that nothing reads.
    var unknownVariables: [String]

    /// Where the server listens.
    var listen: WebService.Listen {
        WebService.Listen(host: host, port: port, certificate: tls?.certificate, key: tls?.key)
    }

    /// Which addresses the service connects to.
    var networkPolicy: NetworkPolicy {
        NetworkPolicy(trusted: trustedHosts, identities: Array(identities.values), allowances: allowances, roots: roots)
    }

    /// The hosts that the settings name, and those of the OAuth applications, each once.
    var configuredHosts: [ForgeHost] {
        var seen: Set<ForgeHost> = []
        return trustedHosts.dropFirst(ForgeID.allCases.count).filter { seen.insert($0).inserted }
    }

    /// A setting that cannot be used, with its key and what to do.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the settings.
    /// - `listen.host` (string, default 127.0.0.1), `listen.port` (int, default 8080; 0 for any free one)
    /// - `listen.tls.certificate`, `listen.tls.key` (paths of PEM files, both or none)
    /// - `public_url` (string, default http(s)://HOST:PORT)
    /// - `http.…`, as in `FrontDoor+read.swift`
    /// - `store.path` (path, default below `$XDG_STATE_HOME/gatehouse`)
    /// - `master_key.value` (secret), else `master_key.file` (path, default below `$XDG_CONFIG_HOME/gatehouse`)
    /// - `network.allow` (list of addresses, networks in CIDR form, host names)
    /// - `upstream.timeout_seconds` (int, default 60), `upstream.connect_timeout_seconds` (int, default 10)
    /// - `quota.authorizations` (int, default 1000), `quota.requests` (int, default 100, a second), `quota.burst` (int,
    ///   default 200), `quota.calls` (int, default 32): of one tenant; 0 for any number
    /// - `token.lifetime_hours` (int, default 24)
    /// - `identity.keystone.…`, see ``KeystoneSettings``
    /// - `check.interval_hours` (int, default 24; 0 for no checks), `check.warning_days` (int, default 14)
    /// - `permission.roles` (list of `ROLE=POLICY`, default `admin` and `member` FullAccess, `reader` ReadOnlyAccess)
    /// - `audit.retention_days` (int, default 365; 0 for ever)
    /// - `metrics.port` (int, default none), `metrics.host` (string, default 127.0.0.1)
    /// - `log.level` (string, default info), `log.format` (text or json, default text)
    /// - `forges.FORGE.host` (address; default the forge's own service)
    /// - `forges.FORGE.hosts` (list of addresses of the operator's own installations)
    /// - `forges.FORGE.ca` (path of a PEM file), for these installations
    /// - `forges.devcloud.iam` (address), `forges.devcloud.iam_project` (string), for these installations
    /// - `forges.FORGE.oauth.sites` (list, default one named `default`), and for each of them `forges.FORGE.oauth.SITE.client_id`,
    ///   `.client_secret` (secret), `.host`, `.scopes`
    /// - Parameter file: the file that is among what is read; nil for none.
    /// - Throws: ``Invalid``, also for a key of the file that nothing reads.
    init(_ reader: ConfigReader, file: ConfigurationFile? = nil) throws {
        let settings = Settings(reader)
        host = try settings.string("listen.host") ?? "127.0.0.1"
        port = try settings.int("listen.port", default: 8080, in: 0...65535)
        switch (try settings.string("listen.tls.certificate"), try settings.string("listen.tls.key")) {
        case (let certificate?, let key?): tls = TLS(certificate: certificate, key: key)
        case (nil, nil): tls = nil
        default: throw Invalid(description: "listen.tls.certificate and listen.tls.key go together. Set both or none.")
        }
        door = try FrontDoor(settings)
        publicURL = try Self.publicURL(
            given: settings.string("public_url"), host: host, port: port, scheme: tls == nil ? "http" : "https")
        storePath =
            try settings.string("store.path") ?? (try Self.home("XDG_STATE_HOME", ".local/state") + "/gatehouse.sqlite")
        let keyFile = try settings.string("master_key.file")
        if let value = try settings.string("master_key.value", isSecret: true) {
            masterKey = .value(Secret(value))
        } else {
            masterKey = .file(try keyFile ?? (try Self.home("XDG_CONFIG_HOME", ".config") + "/master.key"))
        }
        allowances = try settings.list("network.allow").map { text in
            guard let allowance = NetworkPolicy.Allowance(text) else {
                throw Invalid(
                    description: "network.allow: \(text) is no address, network (10.0.0.0/8) or host name.")
            }
            return allowance
        }
        limits = Upstream.Limits(
            timeout: try settings.int("upstream.timeout_seconds", default: 60, in: 1...3600),
            connectTimeout: try settings.int("upstream.connect_timeout_seconds", default: 10, in: 1...600))
        quota = Quota(
            authorizations: try settings.int("quota.authorizations", default: 1000, in: 0...1_000_000),
            requests: try settings.int("quota.requests", default: 100, in: 0...1_000_000),
            burst: try settings.int("quota.burst", default: 200, in: 0...1_000_000),
            calls: try settings.int("quota.calls", default: 32, in: 0...10_000))
        tokenLifetime = Int64(try settings.int("token.lifetime_hours", default: 24, in: 1...8760)) * 3600
        keystone = try KeystoneSettings(settings)
        checkInterval = Int64(try settings.int("check.interval_hours", default: 24, in: 0...720)) * 3600
        checkWarning = Int64(try settings.int("check.warning_days", default: 14, in: 0...365)) * 86_400
        roles = try Self.roles(settings.list("permission.roles"), isGiven: settings.isGiven("permission.roles"))
        auditRetention = try settings.int("audit.retention_days", default: 365, in: 0...36_500)
        metricsHost = try settings.string("metrics.host") ?? "127.0.0.1"
        let metricsPort = try settings.int("metrics.port", default: 0, in: 0...65535)
        self.metricsPort = metricsPort == 0 ? nil : metricsPort
        guard metricsPort != port || port == 0 else {
            throw Invalid(
                description: "metrics.port and listen.port are both \(port). Choose another one for one of them.")
        }
        logLevel = try settings.choice("log.level", default: .info)
        logFormat = try settings.choice("log.format", default: .text)
        trustedHosts = ForgeID.allCases.map(ForgeHost.official)
        roots = [:]
        usualHosts = [:]
        applications = []
        identities = [:]
        unknownVariables = []
        for forge in ForgeID.allCases {
            try readForge(forge, settings)
        }
        try file?.requireKeys(settings.keys)
        unknownVariables = ConfigurationFile.unknownVariables(
            in: ProcessInfo.processInfo.environment, read: settings.keys)
    }

    private mutating func readForge(_ forge: ForgeID, _ settings: Settings) throws {
        let key = "forges.\(forge.rawValue)"
        let usual = try settings.string("\(key).host")
        if let usual {
            trustedHosts.append(try Self.host(forge, usual, key: "\(key).host"))
            usualHosts[forge] = usual
        }
        for address in try settings.list("\(key).hosts") {
            trustedHosts.append(try Self.host(forge, address, key: "\(key).hosts"))
        }
        if forge == .devcloud { try readIdentity(key, settings) }
        try readApplications(forge, key, usual, settings)
        try readRoots(forge, key, settings)
    }

    /// They count for the operator's own hosts only.
    private mutating func readRoots(_ forge: ForgeID, _ key: String, _ settings: Settings) throws {
        guard let path = try settings.string("\(key).ca") else { return }
        guard trustedHosts.contains(where: { $0.forge == forge && $0 != .official(forge) }) else {
            throw Invalid(
                description:
                    "\(key).ca has no effect: it counts for installations of your own. Name them in \(key).hosts.")
        }
        do throws(TrustRoots.Unusable) {
            roots[forge] = try TrustRoots(file: path)
        } catch {
            throw Invalid(description: "\(key).ca: \(error.description)")
        }
    }

    private mutating func readApplications(
        _ forge: ForgeID, _ key: String, _ usual: String?, _ settings: Settings
    ) throws {
        guard forge.modes.contains(.oauth) else { return }
        let sites = try settings.list("\(key).oauth.sites")
        for site in sites.isEmpty ? ["default"] : sites {
            let key = "\(key).oauth.\(site)"
            guard let clientID = try settings.string("\(key).client_id") else {
                guard sites.isEmpty else { throw Invalid(description: "\(key).client_id is missing.") }
                continue
            }
            guard let secret = try settings.string("\(key).client_secret", isSecret: true) else {
                throw Invalid(description: "\(key).client_secret is missing.")
            }
            let host = try Self.host(forge, try settings.string("\(key).host") ?? usual, key: "\(key).host")
            trustedHosts.append(host)
            let scopes = try settings.list("\(key).scopes")
            applications.append(
                OAuthApplication(
                    host: host, site: site == "default" ? nil : site, clientID: clientID, clientSecret: Secret(secret),
                    redirectURI: publicURL + "/oauth/callback",
                    scopes: scopes.isEmpty ? OAuthApplication.defaultScopes(of: host) : scopes))
        }
    }

    /// For every host of the operator's own: Huawei Cloud's regions have an IAM of their own.
    private mutating func readIdentity(_ key: String, _ settings: Settings) throws {
        let project = try settings.string("\(key).iam_project")
        let address = try settings.string("\(key).iam")
        guard address != nil || project != nil else { return }
        let identity = try address.map { try Self.host(.devcloud, $0, key: "\(key).iam").api }
        for host in trustedHosts where host.forge == .devcloud && host != .official(.devcloud) {
            identities[host] = IAMService(address: identity ?? host.api, project: project)
        }
    }

    /// The list takes the place of the usual roles as a whole.
    private static func roles(_ entries: [String], isGiven: Bool) throws -> [String: [String]] {
        guard isGiven else { return Permission.usualRoles }
        // Whoever empties the list wants to let fewer in, and must not get the usual ones.
        guard !entries.isEmpty else {
            throw Invalid(
                description:
                    "permission.roles is empty. Leave it out for the usual roles; none=ReadOnlyAccess lets nobody do anything by a role."
            )
        }
        var roles: [String: [String]] = [:]
        for entry in entries {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard parts.count == 2, !parts[0].isEmpty, let policy = PolicyName(parts[1]) else {
                throw Invalid(
                    description:
                        "permission.roles: \(entry) is not of the form ROLE=POLICY, such as reader=ReadOnlyAccess. A role with several policies stands several times."
                )
            }
            roles[parts[0].lowercased(), default: []].append(policy.text)
        }
        return roles
    }

    private static func host(_ forge: ForgeID, _ address: String?, key: String) throws -> ForgeHost {
        do {
            return try ForgeHost.candidates(forge, address: address)[0]
        } catch {
            throw Invalid(description: "\(key): \(error.message)")
        }
    }

    private static func publicURL(given: String?, host: String, port: Int, scheme: String) throws -> String {
        guard var address = given else {
            guard !["0.0.0.0", "::", "*"].contains(host) else {
                throw Invalid(
                    description:
                        "public_url is missing: \(host) stands for every address of this machine, so the one that callers use is not known. Set public_url (--public-url), for example https://gate.example.org."
                )
            }
            return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.query() == nil, url.fragment() == nil, url.user() == nil
        else {
            throw Invalid(
                description:
                    "public_url must be an http or https address with a host and without user, query or fragment, such as https://gate.example.org."
            )
        }
        while address.hasSuffix("/") { address.removeLast() }
        return address
    }

    /// The folder for our files by the XDG base directory specification.
    private static func home(_ variable: String, _ fallback: String) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let base = environment[variable], base.hasPrefix("/") { return base + "/gatehouse" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw Invalid(
                description:
                    "HOME is not set, so there is no place for the store and the master key. Set HOME, or store.path and master_key.file."
            )
        }
        return home + "/\(fallback)/gatehouse"
    }

    /// Settings given by name.
    static func flags(_ flags: [String: String]) -> InMemoryProvider {
        let values = flags.map { key, value in
            (
                AbsoluteConfigKey(key.split(separator: ".").map(String.init)),
                ConfigValue(.string(value), isSecret: key.hasSuffix("secret"))
            )
        }
        return InMemoryProvider(name: "flags", values: Dictionary(uniqueKeysWithValues: values))
    }

    /// Reads the layers of settings, strongest first: flags, the environment, the file.
    /// - Throws: ``Invalid``.
    static func load(file path: String?, flags: [String: String]) async throws -> ServiceConfiguration {
        var providers: [any ConfigProvider] = [
            Self.flags(flags),
            EnvironmentVariablesProvider().prefixKeys(with: "gatehouse"),
        ]
        let file = try path.map { try ConfigurationFile($0) }
        if let file, !file.keys.isEmpty { providers.append(try await provider(of: file.path)) }
        return try ServiceConfiguration(ConfigReader(providers: providers), file: file)
    }

    private static func provider(of path: String) async throws -> any ConfigProvider {
        let isJSON = path.hasSuffix(".json")
        do {
            if isJSON { return try await FileProvider<JSONSnapshot>(filePath: FilePath(path)) }
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(path))
        } catch {
            throw Invalid(
                description: "The configuration file \(path) cannot be read as \(isJSON ? "JSON" : "YAML").")
        }
    }
}
