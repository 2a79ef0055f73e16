// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Yams

/// A configuration file, looked at before it is read: the reader takes an unknown key for none, and a typing error in
/// `network.allow` would go unseen until somebody is locked out.
struct ConfigurationFile {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// - Throws: ``ServiceConfiguration/Invalid`` for a file that is missing, closed, not well-formed or has a key that nothing reads.
    /// False for a file that holds nothing.
    func check() throws -> Bool {
        let text = try text()
        guard let tree = try tree(of: text), !(tree is NSNull) else { return false }
        guard let settings = tree as? [String: Any] else {
            throw invalid("must have keys at its top, such as `listen:`.")
        }
        for key in Self.keys(in: settings).sorted() where !Self.isKnown(key) {
            let near = Self.nearest(to: key).map { " Is \($0) meant?" } ?? ""
            throw invalid("has the key \(key), which is not known.\(near) docs/configuration.md lists the keys.")
        }
        return true
    }

    /// The names of environment variables that look like ours and are read by nothing.
    /// - Parameter sites: the forges' OAuth sites that are set up, by the key's part `FORGE.oauth.SITE`.
    static func unknownVariables(in environment: [String: String], sites: Set<String>) -> [String] {
        let keys = staticKeys + forgeKeys + sites.flatMap { site in siteKeys.map { "forges.\(site).\($0)" } }
        let known = Set(keys.map(variable))
        return environment.keys.filter { $0.hasPrefix("GATEHOUSE_") && !known.contains($0) }.sorted()
    }

    private static func variable(of key: String) -> String {
        "GATEHOUSE_" + key.uppercased().replacing(".", with: "_")
    }

    private static let staticKeys = [
        "listen.host", "listen.port", "listen.tls.certificate", "listen.tls.key", "public_url", "store.path",
        "master_key.file", "master_key.value", "network.allow", "upstream.timeout_seconds",
        "upstream.connect_timeout_seconds", "token.lifetime_hours", "log.level", "log.format",
    ]

    private static let forgeKeys = ForgeID.allCases.flatMap { forge in
        let own = forge == .devcloud ? ["iam", "iam_project"] : []
        let oauth = forge.modes.contains(.oauth) ? ["oauth.sites"] : []
        return (["host", "hosts"] + own + oauth).map { "forges.\(forge.rawValue).\($0)" }
    }

    private static let siteKeys: Set<Substring> = ["client_id", "client_secret", "host", "scopes"]

    private static func isKnown(_ key: String) -> Bool {
        if staticKeys.contains(key) || forgeKeys.contains(key) { return true }
        let parts = key.split(separator: ".")
        guard parts.count == 5, parts[0] == "forges", let forge = ForgeID(rawValue: String(parts[1])) else {
            return false
        }
        return forge.modes.contains(.oauth) && parts[2] == "oauth" && siteKeys.contains(parts[4])
    }

    /// The known key that differs least, where it differs by little.
    private static func nearest(to key: String) -> String? {
        let found = (staticKeys + forgeKeys).map { ($0, distance($0, key)) }.min { $0.1 < $1.1 }
        return found.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }

    /// How many letters must be put in, taken out or changed (Levenshtein).
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let changed = diagonal + (other[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[other.count]
    }

    private static func keys(in tree: [String: Any]) -> [String] {
        tree.flatMap { name, value in
            // `listen:` with nothing below it says nothing.
            if value is NSNull { return [String]() }
            return (value as? [String: Any]).map { keys(in: $0).map { "\(name).\($0)" } } ?? [name]
        }
    }

    private func text() throws -> String {
        guard FileManager.default.fileExists(atPath: path) else { throw invalid("does not exist.") }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw invalid("cannot be opened. Give its user the right to read it.")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw invalid("is not UTF-8.") }
        return text
    }

    /// JSON is YAML too. The parser's own sentence is left out: it quotes the file, which may hold a secret.
    private func tree(of text: String) throws -> Any? {
        let form = path.hasSuffix(".json") ? "JSON" : "YAML"
        do {
            return try Yams.load(yaml: text)
        } catch YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _),
            YamlError.composer(_, _, let mark, _)
        {
            throw invalid("cannot be read as \(form): look at line \(mark.line), column \(mark.column).")
        } catch YamlError.duplicatedKeysInMapping {
            throw invalid("cannot be read as \(form): a key stands in it twice.")
        } catch {
            throw invalid("cannot be read as \(form).")
        }
    }

    private func invalid(_ what: String) -> ServiceConfiguration.Invalid {
        ServiceConfiguration.Invalid(description: "The configuration file \(path) \(what)")
    }
}
