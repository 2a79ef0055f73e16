// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Policy {
    /// Why a text is no policy: a sentence with the place.
    package struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Bytes.
    package static let sizeLimit = 16_384
    package static let statementLimit = 32
    /// Actions, and resources, of one statement.
    package static let entryLimit = 100
    /// Operators with a key, of one statement.
    package static let conditionLimit = 20
    /// Values of one condition.
    package static let valueLimit = 100
    /// Bytes of one value.
    package static let valueSizeLimit = 1024

    /// Whom a policy is for.
    package enum Kind: Sendable {
        /// A user: what the user may do.
        case user
        /// An authorization: what may go through it. It speaks of actions in repositories only, and of no Resource.
        case use
    }

    /// Reads a policy, strictly: what is not known here is refused, never passed over.
    /// - Throws: ``Invalid``.
    package init(_ text: [UInt8], for kind: Kind = .user) throws(Invalid) {
        guard text.count <= Self.sizeLimit else {
            throw Invalid(description: "The policy has more than \(Self.sizeLimit) bytes.")
        }
        let root: StrictJSON
        do throws(StrictJSON.Malformed) {
            root = try StrictJSON(text)
        } catch {
            throw Invalid(description: "The policy is not good JSON: \(error.reason).")
        }
        let members = try PolicyReader(root, "The policy", ["Version", "Statement"])
        guard try members.text("Version") == "1.1" else {
            throw Invalid(description: "Version must be \"1.1\".")
        }
        let statements = try members.list("Statement", upTo: Self.statementLimit)
        self.init(
            statements: try statements.enumerated().map { (index, value) throws(Invalid) in
                try PolicyStatement(value, at: "Statement[\(index)]", kind)
            })
    }

    /// - Throws: ``Invalid``.
    package init(_ text: String, for kind: Kind = .user) throws(Invalid) {
        try self.init(Array(text.utf8), for: kind)
    }
}

/// An object of a policy, with its place for sentences.
private struct PolicyReader {
    private let members: [StrictJSON.Member]
    private let place: String

    init(_ value: StrictJSON, _ place: String, _ known: [String]) throws(Policy.Invalid) {
        guard case .object(let members) = value else {
            throw Policy.Invalid(description: "\(place) must be an object.")
        }
        if let stranger = members.first(where: { !known.contains($0.name) }) {
            throw Policy.Invalid(
                description:
                    "\(place) has the member \(Quoted(stranger.name)), which is not known. Known: \(known.joined(separator: ", "))."
            )
        }
        self.members = members
        self.place = place
    }

    private func path(_ name: String) -> String { place == "The policy" ? name : "\(place).\(name)" }

    func value(_ name: String) -> StrictJSON? {
        members.first { $0.name == name }?.value
    }

    func text(_ name: String) throws(Policy.Invalid) -> String {
        guard case .string(let text) = value(name) else {
            throw Policy.Invalid(description: "\(path(name)) is missing, or no string.")
        }
        return text
    }

    func list(_ name: String, upTo limit: Int) throws(Policy.Invalid) -> [StrictJSON] {
        guard let value = value(name) else { throw Policy.Invalid(description: "\(path(name)) is missing.") }
        return try Self.list(value, path(name), upTo: limit)
    }

    static func list(_ value: StrictJSON, _ place: String, upTo limit: Int) throws(Policy.Invalid) -> [StrictJSON] {
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw Policy.Invalid(description: "\(place) must be an array with something in it.")
        }
        guard elements.count <= limit else {
            throw Policy.Invalid(description: "\(place) has more than \(limit) entries.")
        }
        return elements
    }

    static func texts(_ value: StrictJSON, _ place: String, upTo limit: Int) throws(Policy.Invalid) -> [String] {
        var texts: [String] = []
        for (index, element) in try list(value, place, upTo: limit).enumerated() {
            guard case .string(let text) = element, !text.isEmpty else {
                throw Policy.Invalid(description: "\(place)[\(index)] must be a string that is not empty.")
            }
            guard text.utf8.count <= Policy.valueSizeLimit else {
                throw Policy.Invalid(description: "\(place)[\(index)] has more than \(Policy.valueSizeLimit) bytes.")
            }
            guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                throw Policy.Invalid(description: "\(place)[\(index)] holds a control character.")
            }
            texts.append(text)
        }
        return texts
    }
}

extension PolicyStatement {
    fileprivate init(_ value: StrictJSON, at place: String, _ kind: Policy.Kind) throws(Policy.Invalid) {
        let reader = try PolicyReader(value, place, ["Effect", "Action", "Resource", "Condition"])
        guard let effect = Effect(rawValue: try reader.text("Effect")) else {
            throw Policy.Invalid(description: "\(place).Effect must be \"Allow\" or \"Deny\".")
        }
        self.effect = effect
        guard let names = reader.value("Action") else {
            throw Policy.Invalid(description: "\(place).Action is missing.")
        }
        var actions: Set<Action> = []
        let patterns = try PolicyReader.texts(names, "\(place).Action", upTo: Policy.entryLimit)
        for (index, pattern) in patterns.enumerated() {
            actions.formUnion(try Self.actions(pattern, "\(place).Action[\(index)]", kind))
        }
        self.actions = actions
        authorizations = try reader.value("Resource").flatMap { (value) throws(Policy.Invalid) in
            try Self.authorizations(value, "\(place).Resource", kind)
        }
        conditions =
            try reader.value("Condition").map { (value) throws(Policy.Invalid) in
                try Self.conditions(value, "\(place).Condition")
            } ?? []
    }

    /// What a pattern of Action comes to. Letter case does not count, as at the cloud.
    private static func actions(
        _ pattern: String, _ place: String, _ kind: Policy.Kind
    ) throws(Policy.Invalid) -> Set<Action> {
        let parts = pattern.split(separator: ":", omittingEmptySubsequences: false)
        let isPlain = pattern.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: ":") }
        guard pattern == "*" || (parts.count == 3 && parts.allSatisfy { !$0.isEmpty } && isPlain) else {
            throw Policy.Invalid(
                description:
                    "\(place) must be SERVICE:TYPE:OPERATION, each a word or with '*' in it; it is \(Quoted(pattern))."
            )
        }
        let folded = pattern.lowercased()
        let found = Action.allCases.filter { action in
            action.names.contains { Wildcard.fits($0.lowercased(), folded) }
        }
        guard !found.isEmpty else {
            throw Policy.Invalid(
                description:
                    "\(place) names no action that there is: \(Quoted(pattern)). docs/permissions.md lists them.")
        }
        if case .use = kind {
            let ours = found.filter(\.isOnRepositories)
            guard !ours.isEmpty else {
                throw Policy.Invalid(
                    description:
                        "\(place) is \(Quoted(pattern)), but a use-policy is about what goes through an authorization: actions of gatehouse:repository."
                )
            }
            return Set(ours)
        }
        return Set(found)
    }

    private static let resourcePrefix = "servicestage:*:*:repositoryAuth:"

    /// nil where it comes to everything.
    private static func authorizations(
        _ value: StrictJSON, _ place: String, _ kind: Policy.Kind
    ) throws(Policy.Invalid) -> [String]? {
        if case .use = kind {
            throw Policy.Invalid(
                description: "\(place) has no place in a use-policy: it is the authorization's that it belongs to.")
        }
        var names: [String] = []
        for (index, text) in try PolicyReader.texts(value, place, upTo: Policy.entryLimit).enumerated() {
            let name = text == "*" ? "*" : String(text.dropFirst(resourcePrefix.count))
            let isName = name.utf8.allSatisfy { $0.isLetter || $0.isDigit || "*-._".utf8.contains($0) }
            guard text == "*" || text.hasPrefix(resourcePrefix), !name.isEmpty, isName else {
                throw Policy.Invalid(
                    description:
                        "\(place)[\(index)] must be \"\(resourcePrefix)NAME\", with the name of an authorization that may have '*' in it; it is \(Quoted(text))."
                )
            }
            names.append(name)
        }
        return names.contains("*") ? nil : names
    }

    private static func conditions(_ value: StrictJSON, _ place: String) throws(Policy.Invalid) -> [PolicyCondition] {
        guard case .object(let operators) = value, !operators.isEmpty else {
            throw Policy.Invalid(description: "\(place) must be an object with an operator in it.")
        }
        var conditions: [PolicyCondition] = []
        for entry in operators {
            let place = "\(place).\(entry.name)"
            guard PolicyCondition(entry.name, key: .forge, values: []) != nil else {
                let known = PolicyCondition.operators.keys.sorted().joined(separator: ", ")
                throw Policy.Invalid(
                    description:
                        "Condition has the operator \(Quoted(entry.name)), which is not known. Known, each also with IfExists: \(known)."
                )
            }
            guard case .object(let keys) = entry.value, !keys.isEmpty else {
                throw Policy.Invalid(description: "\(place) must be an object with a key in it.")
            }
            for member in keys {
                conditions.append(try condition(entry.name, member, place))
                guard conditions.count <= Policy.conditionLimit else {
                    throw Policy.Invalid(
                        description: "\(place): one statement has more than \(Policy.conditionLimit) conditions.")
                }
            }
        }
        return conditions
    }

    private static func condition(
        _ name: String, _ member: StrictJSON.Member, _ place: String
    ) throws(Policy.Invalid) -> PolicyCondition {
        guard let key = ConditionKey(rawValue: member.name) else {
            let known = ConditionKey.allCases.map(\.rawValue).joined(separator: ", ")
            throw Policy.Invalid(
                description: "\(place) has the key \(Quoted(member.name)), which is not known. Known: \(known).")
        }
        var values = try PolicyReader.texts(member.value, "\(place).\(key.rawValue)", upTo: Policy.valueLimit)
        if name.contains("Like"), let text = values.first(where: { !$0.contains("*") && !$0.contains("?") }) {
            throw Policy.Invalid(
                description:
                    "\(place).\(key.rawValue): \(Quoted(text)) has no '*' and no '?'. Write *\(text)* for a part, or use StringEquals."
            )
        }
        if key == .forge, name.contains("Equals") {
            for (index, text) in values.enumerated() {
                guard let forge = ForgeID(repoType: text) else {
                    let known = ForgeID.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Policy.Invalid(
                        description:
                            "\(place).\(key.rawValue)[\(index)]: there is no forge \(Quoted(text)). There are: \(known)."
                    )
                }
                values[index] = forge.rawValue
            }
        }
        guard let condition = PolicyCondition(name, key: key, values: values) else {
            throw Policy.Invalid(description: "\(place) is not known.")
        }
        return condition
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
