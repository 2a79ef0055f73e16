// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Holds one JSON value against another by shape: the same members, of the same JSON types. Values are not compared.
///
/// `null` agrees with everything, as a recording shows one moment only. An array's elements are each held against all
/// elements of the other one together.
package struct JSONShape: Sendable {
    /// Members that only the recording may have, by path (`owner.gravatar_id`, `[].commit`) or by name (`gravatar_id`).
    package var mayLack: Set<String> = []
    /// Members that only the answer may have.
    package var mayAdd: Set<String> = []

    package init(mayLack: Set<String> = [], mayAdd: Set<String> = []) {
        self.mayLack = mayLack
        self.mayAdd = mayAdd
    }

    /// One sentence for each place where the answer's shape is not the recording's; empty where they agree.
    package func differences(of answer: JSONTree, from recording: JSONTree) -> [String] {
        compare(answer, [recording], at: "")
    }

    private func compare(_ answer: JSONTree, _ models: [JSONTree], at path: String) -> [String] {
        let telling = models.filter { $0 != .null }
        guard answer != .null, !telling.isEmpty else { return [] }
        let alike = telling.filter { $0.typeName == answer.typeName }
        guard !alike.isEmpty else {
            return ["\(path.isEmpty ? "the answer" : path) is \(answer.typeName), recorded as \(telling[0].typeName)"]
        }
        switch answer {
        case .array(let values):
            let elements = alike.flatMap { $0.array ?? [] }
            return elements.isEmpty ? [] : values.flatMap { compare($0, elements, at: path + "[]") }
        case .object(let members):
            let recorded = alike.compactMap(\.object)
            var found: [String] = []
            // Where several were recorded, what only some of them have is not asked for.
            let common = recorded.dropFirst().reduce(Set(recorded[0].keys)) { $0.intersection($1.keys) }
            for name in common.subtracting(members.keys).sorted() where !isExcused(name, path, mayLack) {
                found.append("\(join(path, name)) is missing")
            }
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                let models = recorded.compactMap { $0[name] }
                if models.isEmpty {
                    if !isExcused(name, path, mayAdd) { found.append("\(join(path, name)) was never recorded") }
                } else {
                    found += compare(value, models, at: join(path, name))
                }
            }
            return found
        default: return []
        }
    }

    private func isExcused(_ name: String, _ path: String, _ excuses: Set<String>) -> Bool {
        excuses.contains(name) || excuses.contains(join(path, name))
    }

    private func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}
