// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model

@testable import Web

extension Parser {
    /// What is taken never leads out of its place, has no control characters, and is written back to the same.
    static func place(_ input: [UInt8]) throws -> Bool {
        // The router has split at these.
        let raw = String(wire: input.filter { !"/?#".utf8.contains($0) })
        let segment = try read { try parameters(segment: raw).segment("value") }
        let path = try read { try parameters(segment: raw).path("value") }
        let place = try read { try parameters(segment: raw).place("value") }
        if let segment {
            try hold(segment.isOneLine, "a segment has control characters")
            let again = try read { try parameters(segment: segment.percentEncoded).segment("value") }
            try hold(again?.isSame(as: segment) == true, "a segment that is written is not the same when read again")
        }
        if let path {
            try holdsItsPlace(path)
            // With a slash in front: a colon then stands for itself.
            let written = ("/" + path).percentEncoded
            let again = try read { try parameters(segment: written).path("value") }
            try hold(again?.isSame(as: path) == true, "a path that is written is not the same when read again")
        }
        if let place {
            try holdsItsPlace(place)
            // Once more encoded: what is encoded in a place is decoded twice.
            let once = ("/" + place).percentEncoded
            let again = try read { try parameters(segment: once.percentEncoded).place("value") }
            // Between the two it must not be longer than a path may be.
            try hold(
                again?.isSame(as: place) == true || once.utf8.count > 4096,
                "a place that is written is not the same when read again")
        }
        try hold(place == nil || path != nil, "a place is taken that is no path")
        return path != nil
    }

    private static func holdsItsPlace(_ path: String) throws {
        try hold(path.isOneLine, "a path has control characters")
        try hold((1...4096).contains(path.utf8.count), "a path is empty or too long")
        for part in path.bytes.split(separator: 0x2F, omittingEmptySubsequences: false) {
            try hold(
                !["", ".", ".."].contains { part.elementsEqual($0.utf8) }, "a path has an empty part, '.' or '..'")
        }
    }

    /// The first value of a name counts, and values have neither control characters nor too many bytes.
    static func query(_ input: [UInt8]) throws -> Bool {
        let raw = String(wire: input.filter { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        guard let query = try read({ try parameters(query: raw) }) else { return false }
        let ref = try read { try query.optional("ref") ?? "" }
        if let ref {
            try hold(ref.isOneLine && ref.utf8.count <= 4096, "a parameter has control characters or is too long")
            let again = try read { try parameters(query: "ref=" + ref.percentEncoded).optional("ref") ?? "" }
            try hold(again?.isSame(as: ref) == true, "a parameter that is written is not the same when read again")
        }
        let first = raw.utf8.split(separator: UInt8(ascii: "&")).first {
            let name = $0.prefix { $0 != UInt8(ascii: "=") }
            return name.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }.percentDecoded.elementsEqual("ref".utf8)
        }
        let value = first.map { pair in
            pair.drop { $0 != UInt8(ascii: "=") }.dropFirst().map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }.percentDecoded
        }
        if let ref { try hold(ref.bytes == value ?? [], "not the first value of a parameter counts") }
        if let lines = try read({ try query.requiredLines("message") }) {
            try hold(!lines.utf8.contains(0) && lines.utf8.count <= 30_000, "a message has a NUL or is too long")
        }
        if let number = try read({ try query.number("limit", default: 7, in: 1...1000) }) {
            try hold((1...1000).contains(number), "a number is out of its range")
        }
        _ = try read { try query.flag("flag") }
        return true
    }

    /// Bodies are JSON objects in UTF-8, and each member is what its reader says.
    static func body(_ input: [UInt8]) throws -> Bool {
        guard let body = try read({ try Body(json: Data(input)) }) else { return false }
        try hold(String(validating: input, as: UTF8.self) != nil, "a body is taken that is not UTF-8")
        try hold(!input.contains(0), "a body is taken that holds a NUL, which JSON does not have")
        let name = try read { try body.optional("name", limit: 255) ?? "" }
        if let name {
            try hold(name.utf8.count <= 255 && !name.utf8.contains(0), "a text is too long or has a NUL")
            let json = try JSONEncoder().encode(["name": name])
            let again = try read { try Body(json: json).optional("name", limit: 255) ?? "" }
            try hold(again?.isSame(as: name) == true, "a text that is written is not the same when read again")
            let present = try read { try body.text("name", limit: 255) }
            try hold((present != nil) == !name.isEmpty, "an empty text counts as one that is there")
        }
        if let token = try read({ try body.secret("token") }) {
            try hold(token.exposed.isOneLine, "a secret has control characters, which no header can carry")
        }
        if let content = try read({ try body.base64("content") }),
            let text = try read({
                try body.optional("content", limit: 12 << 20)
            })
        {
            let packed = (text ?? "").utf8.filter { $0 != 0x0A && $0 != 0x0D }
            let padding = packed.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            try hold(
                packed.count % 4 == 0 && padding <= 2 && content.count == packed.count / 4 * 3 - padding,
                "base64 is taken that is cut off or not padded")
        }
        return true
    }

    /// nil for what is refused, which must be with 400 and a sentence.
    private static func read<Value>(_ body: () throws -> Value) throws -> Value? {
        do {
            return try body()
        } catch let error as ProblemError {
            try hold(error.problem.status == .badRequest, "a refusal has the status \(error.problem.status)")
            try hold(error.problem.message.isOneLine && error.problem.message.count > 10, "a refusal has no sentence")
            return nil
        }
    }

    private static func parameters(segment: String = "x", query: String = "") throws -> RequestParameters {
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: "h", path: "/p" + (query.isEmpty ? "" : "?" + query))
        return try RequestParameters(
            Request(head: head, body: .init(buffer: ByteBuffer())),
            .init([(key: "value"[...], value: Substring(segment))]))
    }
}
