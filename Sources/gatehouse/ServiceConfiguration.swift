// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Configuration
import Forges
import Foundation
import Logging
import Model
import SystemPackage

/// Everything that `gatehouse serve` can be told, read once at start. `docs/configuration.md` describes the keys.
///
/// A value is taken from the command line, else from the environment (`GATEHOUSE_` and the key in capitals, dots as `_`), else from the
/// configuration file (YAML or JSON), else it is the default.
struct ServiceConfiguration: Sendable {
    struct TLS: Sendable {
        let certificate: String
        let key: String
    }

    enum MasterKeySource: Sendable {
        case file(String)
        case value(Secret)
    }

    enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    var host: String
    var port: Int
    var tls: TLS?
    /// The address under which callers and browsers reach this Gatehouse; no slash at its end.
    var publicURL: String
    var storePath: String
    var masterKey: MasterKeySource
    var allowances: [NetworkPolicy.Allowance]
    var trustedHosts: [ForgeHost]
    var applications: [OAuthApplication]
    var limits: Upstream.Limits
    /// Seconds.
    var tokenLifetime: Int64
    var logLevel: Logger.Level
    var logFormat: LogFormat

    /// A setting that cannot be used, with its key and what to do.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the settings.
    /// - `listen.host` (string, default 127.0.0.1), `listen.port` (int, default 8080; 0 for any free one)
    /// - `listen.tls.certificate`, `listen.tls.key` (paths of PEM files, both or none)
    /// - `public_url` (string, default http(s)://HOST:PORT)
    /// - `store.path` (path, default below `$XDG_STATE_HOME/gatehouse`)
    /// - `master_key.value` (secret), else `master_key.file` (path, default below `$XDG_CONFIG_HOME/gatehouse`)
    /// - `network.allow` (list of addresses, networks in CIDR form, host names)
    /// - `upstream.timeout_seconds` (int, default 60), `upstream.connect_timeout_seconds` (int, default 10)
    /// - `token.lifetime_hours` (int, default 24)
    /// - `log.level` (string, default info), `log.format` (text or json, default text)
    /// - `forges.FORGE.hosts` (list of addresses of the operator's own installations)
    /// - `forges.FORGE.oauth.sites` (list, default one named `default`), and for each of them `forges.FORGE.oauth.SITE.client_id`,
    ///   `.client_secret` (secret), `.host`, `.scopes`
    init(_ reader: ConfigReader) throws {
        let settings = Settings(reader)
        host = try settings.string("listen.host") ?? "127.0.0.1"
        port = try settings.int("listen.port", default: 8080, in: 0...65535)
        switch (try settings.string("listen.tls.certificate"), try settings.string("listen.tls.key")) {
        case (let certificate?, let key?): tls = TLS(certificate: certificate, key: key)
        case (nil, nil): tls = nil
        default: throw Invalid(description: "listen.tls.certificate and listen.tls.key go together. Set both or none.")
        }
        let shown = host.contains(":") ? "[\(host)]" : host
        publicURL = try settings.string("public_url") ?? "\(tls == nil ? "http" : "https")://\(shown):\(port)"
        guard publicURL.hasPrefix("https://") || publicURL.hasPrefix("http://") else {
            throw Invalid(description: "public_url must be an http or https address.")
        }
        while publicURL.hasSuffix("/") { publicURL.removeLast() }
        storePath =
            try settings.string("store.path") ?? Self.home("XDG_STATE_HOME", ".local/state") + "/gatehouse.sqlite"
        if let value = try settings.string("master_key.value", isSecret: true) {
            masterKey = .value(Secret(value))
        } else {
            masterKey = .file(
                try settings.string("master_key.file") ?? Self.home("XDG_CONFIG_HOME", ".config") + "/master.key")
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
        tokenLifetime = Int64(try settings.int("token.lifetime_hours", default: 24, in: 1...8760)) * 3600
        logLevel = try settings.choice("log.level", default: .info)
        logFormat = try settings.choice("log.format", default: .text)
        trustedHosts = ForgeID.allCases.map(ForgeHost.official)
        applications = []
        for forge in ForgeID.allCases {
            try readForge(forge, settings)
        }
    }

    private mutating func readForge(_ forge: ForgeID, _ settings: Settings) throws {
        let key = "forges.\(forge.rawValue)"
        for address in try settings.list("\(key).hosts") {
            trustedHosts.append(try Self.host(forge, address, key: "\(key).hosts"))
        }
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
            let host = try Self.host(forge, try settings.string("\(key).host"), key: "\(key).host")
            trustedHosts.append(host)
            let scopes = try settings.list("\(key).scopes")
            applications.append(
                OAuthApplication(
                    host: host, site: site == "default" ? nil : site, clientID: clientID, clientSecret: Secret(secret),
                    redirectURI: publicURL + "/oauth/callback",
                    scopes: scopes.isEmpty ? OAuthApplication.defaultScopes(of: host) : scopes))
        }
    }

    private static func host(_ forge: ForgeID, _ address: String?, key: String) throws -> ForgeHost {
        do {
            return try ForgeHost.candidates(forge, address: address)[0]
        } catch {
            throw Invalid(description: "\(key): \(error.message)")
        }
    }

    /// The folder for our files by the XDG base directory specification.
    private static func home(_ variable: String, _ fallback: String) -> String {
        let environment = ProcessInfo.processInfo.environment
        if let base = environment[variable], base.hasPrefix("/") { return base + "/gatehouse" }
        return (environment["HOME"] ?? "/var/lib") + "/\(fallback)/gatehouse"
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

    /// The layers of settings, strongest first.
    /// - Throws: ``Invalid`` for a file that cannot be read as YAML or JSON.
    static func reader(file: String?, flags: [String: String]) async throws -> ConfigReader {
        var providers: [any ConfigProvider] = [
            Self.flags(flags),
            EnvironmentVariablesProvider().prefixKeys(with: "gatehouse"),
        ]
        if let file {
            do {
                providers.append(
                    file.hasSuffix(".json")
                        ? try await FileProvider<JSONSnapshot>(filePath: FilePath(file))
                        : try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
            } catch {
                throw Invalid(
                    description:
                        "The configuration file \(file) cannot be read as \(file.hasSuffix(".json") ? "JSON" : "YAML")."
                )
            }
        }
        return ConfigReader(providers: providers)
    }
}

/// Reads settings and refuses those of a wrong type, which the reader alone takes for absent.
private struct Settings {
    let reader: ConfigReader

    init(_ reader: ConfigReader) {
        self.reader = reader
    }

    func string(_ key: String, isSecret: Bool = false) throws -> String? {
        let text = reader.string(forKey: ConfigKey(key), isSecret: isSecret)
        if text == nil, isPresent(key) { throw ServiceConfiguration.Invalid(description: "\(key) must be a text.") }
        return text?.isEmpty == true ? nil : text
    }

    func int(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let number = try reader.int(forKey: ConfigKey(key)) ?? string(key).flatMap(Int.init) else {
            guard isPresent(key) else { return fallback }
            throw ServiceConfiguration.Invalid(description: "\(key) must be a whole number.")
        }
        guard range.contains(number) else {
            throw ServiceConfiguration.Invalid(
                description: "\(key) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = try string(key) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceConfiguration.Invalid(description: "\(key) must be one of: \(known).")
        }
        return choice
    }

    func list(_ key: String) throws -> [String] {
        if let list = reader.stringArray(forKey: ConfigKey(key)) {
            return list.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        return try string(key).map { [$0] } ?? []
    }

    private func isPresent(_ key: String) -> Bool {
        let key = ConfigKey(key)
        return reader.string(forKey: key, isSecret: true) != nil || reader.int(forKey: key) != nil
            || reader.bool(forKey: key) != nil || reader.double(forKey: key) != nil
            || reader.stringArray(forKey: key, isSecret: true) != nil
    }
}
