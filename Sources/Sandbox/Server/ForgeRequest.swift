// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// A request as an emulated forge sees it, with its path still as it came over the wire.
struct ForgeRequest: Sendable {
    let method: HTTPRequest.Method
    /// Percent-encoded, without the query.
    let rawPath: String
    /// The path's segments, split first and decoded then: a `%2F` is a slash inside its segment. An empty segment at the
    /// end (a path that ends with `/`) is left out.
    let segments: [String]
    let hasTrailingSlash: Bool
    /// Percent-encoded, without `?`; empty where there is none.
    let rawQuery: String
    let query: FormFields
    let headers: HTTPFields
    private let body: RequestBody

    /// nil where the path is no percent-encoded UTF-8.
    init?(_ request: Request) {
        let target = request.head.path ?? "/"
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        rawPath = halves.first.map(String.init) ?? "/"
        rawQuery = halves.count > 1 ? String(halves[1]) : ""
        var raw = rawPath.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        hasTrailingSlash = raw.last?.isEmpty ?? false
        if hasTrailingSlash { raw.removeLast() }
        var decoded: [String] = []
        for segment in raw {
            guard let text = PercentEncoding.decode(segment) else { return nil }
            decoded.append(text)
        }
        segments = decoded
        method = request.method
        query = FormFields(parsing: rawQuery)
        headers = request.headers
        body = request.body
    }

    /// The whole body.
    /// - Throws: ``BodyProblem/tooLarge`` beyond the limit, in bytes.
    func bytes(limit: Int = 512 << 20) async throws -> [UInt8] {
        var collected: [UInt8] = []
        for try await buffer in body {
            guard collected.count + buffer.readableBytes <= limit else { throw BodyProblem.tooLarge }
            buffer.withUnsafeReadableBytes { collected.append(contentsOf: $0) }
        }
        return collected
    }

    /// The body as JSON; an empty body is an empty object.
    /// - Throws: ``BodyProblem``.
    func json() async throws -> JSON {
        let bytes = try await bytes()
        guard !bytes.isEmpty else { return [:] }
        do {
            return try JSONDecoder().decode(JSON.self, from: Data(bytes))
        } catch {
            throw BodyProblem.notJSON
        }
    }

    /// The body's fields: of a form, or the members of a JSON object as texts.
    func form() async throws -> FormFields {
        if mediaType == "application/json" {
            guard case .object(let members) = try await json() else { throw BodyProblem.notJSON }
            return FormFields(
                members.compactMap { member in
                    switch member.value {
                    case .string(let text): (member.key, text)
                    case .integer(let number): (member.key, String(number))
                    case .bool(let flag): (member.key, String(flag))
                    default: nil
                    }
                }
            )
        }
        return FormFields(parsing: String(decoding: try await bytes(), as: UTF8.self))
    }

    /// The body's media type in lower case, without parameters.
    var mediaType: String? {
        headers[.contentType]?.split(separator: ";").first.map { $0.trimmed.lowercased() }
    }

    /// A cookie's value.
    func cookie(_ name: String) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let halves = pair.trimmed.split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0] == name { return String(halves[1]) }
            }
        }
        return nil
    }

    /// What `Authorization` holds: its scheme in lower case and the rest.
    var authorization: (scheme: String, value: String)? {
        guard let header = headers[.authorization] else { return nil }
        let halves = header.split(separator: " ", maxSplits: 1)
        return halves.count == 2 ? (halves[0].lowercased(), halves[1].trimmed) : nil
    }

    /// User and password of Basic authorization.
    var basicCredentials: (user: String, password: String)? {
        guard let authorization, authorization.scheme == "basic", let data = Data(base64Encoded: authorization.value)
        else { return nil }
        let halves = String(decoding: data, as: UTF8.self)
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return halves.count == 2 ? (String(halves[0]), String(halves[1])) : nil
    }
}

/// Why a body cannot be read.
enum BodyProblem: Error, Sendable, Equatable {
    case tooLarge
    case notJSON
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = Substring(self).drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
