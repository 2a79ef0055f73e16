// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

/// The keys of a configuration file. The reader cannot list them, and a typing error in `network.allow` would go unseen until somebody is
/// locked out.
struct ConfigurationFile {
    let path: String
    /// All of them that have a value, with dots: `listen.tls.key`. None for a file that holds nothing.
    private(set) var keys: [String] = []

    /// - Throws: ``ServiceConfiguration/Invalid`` for a file that is missing, closed or not well-formed.
    init(_ path: String) throws {
        self.path = path
        guard let tree = try tree(of: try text()), !(tree is NSNull) else { return }
        guard let settings = tree as? [String: Any] else {
            throw invalid("must have keys at its top, such as `listen:`.")
        }
        keys = Self.keys(in: settings).sorted()
    }

    /// - Parameter read: the keys that have been asked for.
    /// - Throws: ``ServiceConfiguration/Invalid`` for a key that nothing has asked for.
    func requireKeys(_ read: Set<String>) throws {
        for key in keys where !read.contains(key) {
            let near = Self.nearest(to: key, of: read).map { " Is \($0) meant?" } ?? ""
            throw invalid(
                "has the key \(key), which is not known: nothing here reads it.\(near) docs/configuration.md lists the keys."
            )
        }
    }

    /// The names of environment variables that look like ours and stand for no key.
    /// - Parameter read: the keys that have been asked for.
    static func unknownVariables(in environment: [String: String], read: Set<String>) -> [String] {
        let known = Set(read.map { "GATEHOUSE_" + $0.uppercased().replacing(".", with: "_") })
        return environment.keys.filter { $0.hasPrefix("GATEHOUSE_") && !known.contains($0) }.sorted()
    }

    /// The key that differs least, where it differs by little.
    private static func nearest(to key: String, of read: Set<String>) -> String? {
        let found = read.sorted().map { ($0, distance($0, key)) }.min { $0.1 < $1.1 }
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
