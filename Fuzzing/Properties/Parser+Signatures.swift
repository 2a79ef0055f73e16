// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Model
import Storage

@testable import Access

extension Parser {
    /// A header that is taken is written in one form, which gives the same parts.
    static func signature(_ input: [UInt8]) throws -> Bool {
        guard let header = try read({ () throws(AccessError) in try SignatureHeader(String(wire: input)) }) else {
            return false
        }
        try hold(
            (1...64).contains(header.accessKey.utf8.count) && header.accessKey.utf8.allSatisfy(isAlphanumeric),
            "an access key's id is not of letters and digits")
        try hold(header.algorithm.signatureLength.contains(header.signature.count), "a signature's length is wrong")
        try hold((header.scope != nil) == (header.algorithm == .derived), "a scope is where none belongs")
        try hold(
            Set(header.signedHeaders).count == header.signedHeaders.count
                && header.signedHeaders.allSatisfy { !$0.isEmpty && $0.lowercased() == $0 && !$0.utf8.contains(0x3B) },
            "signed headers are not a list of names, each once")
        let credential = ([header.accessKey] + [header.scope].compactMap(\.self)).joined(separator: "/")
        let written =
            "\(header.algorithm.rawValue) \(header.algorithm.credentialField.name)=\(credential), "
            + "SignedHeaders=\(header.signedHeaders.joined(separator: ";")), "
            + "Signature=\(Hexadecimal.encode(header.signature))"
        let again = try read { () throws(AccessError) in try SignatureHeader(written) }
        try hold(again == header, "a header that is written is not the same when read again")
        try hold((8...72).contains(header.identity.count), "a signature cannot be told from others")
        // Nobody who has not the secret can have signed.
        let key = try VerifyingKey(header, secret: "of nobody")
        try hold(!key.verifies(header.signature, of: Array("text".utf8)), "a signature is good that was guessed")
        return true
    }

    /// A canonical request can be read back, so that no two requests share one, but for what the documents name: the
    /// letter case of the method, a slash at the path's end, the order of parameters, spaces around a header's values and
    /// their order; and in the decoded form of the path, how its bytes are encoded.
    ///
    /// The input is lines: method, path, query, a word (`raw` or another), and headers with a colon.
    static func canonical(_ input: [UInt8]) throws -> Bool {
        let lines = input.split(separator: 0x0A, maxSplits: 12, omittingEmptySubsequences: false)
            .map { $0.filter { $0 != 0x0A } }
        guard lines.count >= 4, let method = lines.first, !method.isEmpty, method.allSatisfy(isAlphanumeric) else {
            return false
        }
        // As the HTTP server hands them on: a target of visible ASCII, values without line ends.
        let path = [UInt8(ascii: "/")] + lines[1].filter { $0 > 0x20 && $0 < 0x7F && !"?#".utf8.contains($0) }
        let query = lines[2].filter { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
        let form: CanonicalRequest.PathForm = lines[3].elementsEqual("raw".utf8) ? .raw : .decoded
        var headers: [(name: String, values: [String])] = []
        for line in lines.dropFirst(4) {
            let name = String(wire: line.prefix { $0 != UInt8(ascii: ":") }.filter(isAlphanumeric)).lowercased()
            let value = String(wire: line.drop { $0 != UInt8(ascii: ":") }.dropFirst().filter { $0 != 0x0D })
            guard !name.isEmpty else { continue }
            if let index = headers.firstIndex(where: { $0.name == name }) {
                headers[index].values.append(value)
            } else {
                headers.append((name, [value]))
            }
        }
        let request = CanonicalRequest(
            method: String(wire: method), path: String(wire: path), form: form, query: String(wire: query),
            signedHeaders: headers, payload: String(repeating: "0", count: 64))
        try holdsOneRequest(request.bytes, method, path, form, query, headers)
        return true
    }

    private static func holdsOneRequest(
        _ bytes: [UInt8], _ method: [UInt8], _ path: [UInt8], _ form: CanonicalRequest.PathForm, _ query: [UInt8],
        _ headers: [(name: String, values: [String])]
    ) throws {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let values = headers.reduce(0) { $0 + $1.values.count }
        try hold(lines.count == values + 6, "a canonical request has more or fewer lines than its parts")
        try hold(lines[0].elementsEqual(String(wire: method).uppercased().utf8), "the method is another one")
        var whole = form == .raw ? path : path.percentDecoded
        if whole.last != 0x2F { whole.append(0x2F) }
        try hold(lines[1].percentDecoded == whole, "the path is another one")
        try hold(lines[1].allSatisfy { isPlain($0) || $0 == 0x2F || $0 == 0x25 }, "the path is not encoded")
        func pairs(_ query: some Collection<UInt8>) -> [[[UInt8]]] {
            query.split(separator: UInt8(ascii: "&")).map { pair in
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                return [parts[0].percentDecoded, parts.count == 2 ? parts[1].percentDecoded : []]
            }
        }
        let sorted = pairs(query).sorted { first, second in
            first[0] == second[0]
                ? first[1].lexicographicallyPrecedes(second[1]) : first[0].lexicographicallyPrecedes(second[0])
        }
        try hold(pairs(lines[2]) == sorted, "the query is another one")
        var index = 3
        for (name, values) in headers {
            var found: [[UInt8]] = []
            for _ in values {
                try hold(lines[index].starts(with: (name + ":").utf8), "a header's name is another one")
                found.append(Array(lines[index].dropFirst(name.utf8.count + 1)))
                index += 1
            }
            let meant = values.map { value in
                let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
                return Array(
                    value.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
            }
            try hold(
                found.sorted { $0.lexicographicallyPrecedes($1) } == meant.sorted { $0.lexicographicallyPrecedes($1) },
                "a header's values are other ones")
        }
        try hold(lines[index].isEmpty, "the headers do not end")
        try hold(
            lines[index + 1].elementsEqual(headers.map(\.name).joined(separator: ";").utf8), "the list is another one")
        try hold(lines[index + 2].count == 64, "the payload is another one")
    }

    /// A time that is taken is written back as it was, and in the forges' form to one and the same.
    static func time(_ input: [UInt8]) throws -> Bool {
        let text = String(wire: input)
        let signed = Timestamp.parse(basic: text)
        if let signed {
            try hold(Timestamp.basic(seconds: signed).isSame(as: text), "a signature's time is written as another one")
            let shown = Timestamp.microseconds(milliseconds: signed * 1000)
            try hold(shown.utf8.count == 27, "a time is shown in another form")
            try hold(
                ForgeTime.seconds(shown) == signed,
                "what Keystone's form shows is another time")
        }
        let other = ForgeTime.seconds(text)
        if let other, let written = ForgeTime.text(other) {
            try hold(ForgeTime.seconds(written) == other, "a forge's time is written as another one")
            try hold(ForgeTime.text(of: text)?.isSame(as: written) == true, "a forge's time has two forms")
        }
        return signed != nil || other != nil
    }

    /// What a body asks for can be written as a body that asks for the same; refusals quote nothing.
    static func identity(_ input: [UInt8]) throws -> Bool {
        let request = try read { () throws(AccessError) in try KeystoneAuthRequest(json: .init(input)) }
        if let request {
            let again = try read { () throws(AccessError) in try KeystoneAuthRequest(json: .init(request.json.utf8)) }
            try hold(
                again?.json.isSame(as: request.json) == true, "a request for a token that is written is another one")
        }
        let key = try read { () throws(AccessError) in try TemporaryKeyRequest(json: .init(input)) }
        if let key {
            try hold(TemporaryKeyRequest.durations.contains(key.duration), "a temporary key lives too long")
            try hold(key.token.map { !$0.exposed.isEmpty } ?? true, "an empty token counts as one that is there")
        }
        if request != nil || key != nil {
            try hold(String(validating: input, as: UTF8.self) != nil, "a body is taken that is not UTF-8")
            try hold(!input.contains(0), "a body is taken that holds a NUL, which JSON does not have")
        }
        return request != nil || key != nil
    }

    /// nil for what is refused, which must be the sender's fault and with a sentence that holds nothing of the input.
    private static func read<Value>(_ body: () throws(AccessError) -> Value) throws -> Value? {
        do {
            return try body()
        } catch {
            try hold([.unauthenticated, .invalidRequest].contains(error.code), "a refusal has the code \(error.code)")
            try hold(
                error.message.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
                    && (10...400).contains(error.message.count),
                "a refusal has no sentence, or quotes what was sent")
            return nil
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isPlain(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-_.~".utf8.contains(byte) }
}

extension KeystoneAuthRequest {
    /// A body that asks for the same.
    fileprivate var json: String {
        let identity =
            switch method {
            case .token(let token): #"{"methods":["token"],"token":{"id":\#(token.exposed.json)}}"#
            case .password(.id(let id), let password):
                #"{"methods":["password"],"password":{"user":{"id":\#(id.json),"password":\#(password.exposed.json)}}}"#
            case .password(.name(let name, let domain), let password):
                #"{"methods":["password"],"password":{"user":{"name":\#(name.json),"domain":\#(domain.json),"password":\#(password.exposed.json)}}}"#
            }
        let scope =
            switch scope {
            case nil: ""
            case .unscoped: #","scope":"unscoped""#
            case .domain(let domain): #","scope":{"domain":\#(domain.json)}"#
            case .project(.id(let id)): #","scope":{"project":{"id":\#(id.json)}}"#
            case .project(.name(let name, nil)): #","scope":{"project":{"name":\#(name.json)}}"#
            case .project(.name(let name, let domain?)):
                #","scope":{"project":{"name":\#(name.json),"domain":\#(domain.json)}}"#
            }
        return #"{"auth":{"identity":\#(identity)\#(scope)}}"#
    }
}

extension DomainReference {
    fileprivate var json: String {
        switch self {
        case .id(let id): #"{"id":\#(id.json)}"#
        case .name(let name): #"{"name":\#(name.json)}"#
        }
    }
}

extension String {
    /// As a text of JSON.
    fileprivate var json: String {
        let escaped = unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
