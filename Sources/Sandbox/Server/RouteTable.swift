// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// A method and a path with holes: `GET /repos/:owner/:repo/git/trees/*ref`.
///
/// `:name` takes one segment, `*name` all that are left (at least one), joined by slashes. Segments arrive decoded, so
/// `:name` may hold a slash that was `%2F` on the wire.
struct RoutePattern: Sendable, ExpressibleByStringLiteral {
    private enum Part: Sendable {
        case literal(String)
        case one(String)
        case rest(String)
    }

    /// As written; fit for logs, since it holds nothing of the request.
    let text: String
    private let method: String
    private let parts: [Part]

    init(stringLiteral text: String) {
        self.text = text
        let words = text.split(separator: " ", maxSplits: 1)
        method = words.first.map(String.init) ?? ""
        parts = (words.last ?? "").split(separator: "/").map { part in
            switch part.first {
            case ":": .one(String(part.dropFirst()))
            case "*": .rest(String(part.dropFirst()))
            default: .literal(String(part))
            }
        }
    }

    /// What fills the holes; nil where the path does not fit.
    func match(_ segments: [String]) -> RouteParameters? {
        var values: [String: String] = [:]
        for (index, part) in parts.enumerated() {
            guard index < segments.count else { return nil }
            switch part {
            case .literal(let text):
                if segments[index] != text { return nil }
            case .one(let name):
                if segments[index].isEmpty { return nil }
                values[name] = segments[index]
            case .rest(let name):
                values[name] = segments[index...].joined(separator: "/")
                return RouteParameters(values: values)
            }
        }
        return parts.count == segments.count ? RouteParameters(values: values) : nil
    }

    func allows(_ method: HTTPRequest.Method) -> Bool {
        self.method == method.rawValue
    }
}

/// What filled a route's holes.
struct RouteParameters: Sendable {
    let values: [String: String]

    /// Empty for a name that the route does not have.
    subscript(name: String) -> String { values[name] ?? "" }

    /// nil where the value is no integer.
    func integer(_ name: String) -> Int? { Int(self[name]) }
}

/// An emulator's routes. The first one that fits is taken.
struct RouteTable<Handler: Sendable>: Sendable {
    enum Match {
        case found(Handler, RouteParameters, pattern: String)
        /// The path is known, but not with this method.
        case otherMethod
        case none
    }

    private let routes: [(pattern: RoutePattern, handler: Handler)]

    init(_ routes: [(RoutePattern, Handler)]) {
        self.routes = routes.map { (pattern: $0.0, handler: $0.1) }
    }

    /// `HEAD` takes the route of `GET` where it has none of its own; the server leaves the body out.
    func match(_ method: HTTPRequest.Method, _ segments: [String]) -> Match {
        var isKnown = false
        for wanted in method == .head ? [HTTPRequest.Method.head, .get] : [method] {
            for (pattern, handler) in routes {
                guard let parameters = pattern.match(segments) else { continue }
                isKnown = true
                if pattern.allows(wanted) { return .found(handler, parameters, pattern: pattern.text) }
            }
        }
        return isKnown ? .otherMethod : .none
    }
}
