// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The parsers that read what strangers send, each with what must hold for everything that it takes. Tried with random inputs
/// by libFuzzer (`make fuzz`), and in every run of the tests with those that it has found.
///
/// To add one: a case, its function, and `corpus/NAME.txt` with an input that is taken and one that is refused.
enum Parser: String, CaseIterable, Sendable {
    /// One segment of a request's path: a name, a namespace or a file's path.
    case place
    /// A request's query.
    case query
    /// The `Authorization` header of a signed request.
    case signature
    /// The text that a signature is made over.
    case canonical
    /// Times: of signatures, and of the forges.
    case time
    /// The bodies of the requests for tokens and temporary keys.
    case identity
    /// The bodies of the API's other requests.
    case body
    /// Policies of users and of authorizations.
    case policy
    /// Forges' hosts, networks and addresses.
    case host
    /// Addresses for cloning, and names in git.
    case clone
    /// What forges answer: refusals, tokens, links.
    case answer
    /// What a git server answers: refs, reports, packs.
    case git

    /// Reads an input.
    /// - Returns: whether the parser takes it.
    /// - Throws: ``Broken`` where something does not hold.
    func check(_ input: [UInt8]) throws -> Bool {
        switch self {
        case .place: try Self.place(input)
        case .query: try Self.query(input)
        case .signature: try Self.signature(input)
        case .canonical: try Self.canonical(input)
        case .time: try Self.time(input)
        case .identity: try Self.identity(input)
        case .body: try Self.body(input)
        case .policy: try Self.policy(input)
        case .host: try Self.host(input)
        case .clone: try Self.clone(input)
        case .answer: try Self.answer(input)
        case .git: try Self.git(input)
        }
    }
}

/// Something that must hold of a parser does not.
struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// - Throws: ``Broken``.
func hold(_ isTrue: Bool, _ sentence: @autoclosure () -> String) throws {
    guard isTrue else { throw Broken(description: sentence()) }
}

extension String {
    /// Of bytes as they come over the wire: what is not UTF-8 becomes U+FFFD, as NIO has it.
    init(wire bytes: some Collection<UInt8>) {
        self = String(decoding: bytes, as: UTF8.self)
    }

    var bytes: [UInt8] { Array(utf8) }

    /// Whether two texts are the same bytes. `==` takes texts for equal that are written in different ones.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Without control characters: fit for a line of a log or a header.
    var isOneLine: Bool { utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    /// Every byte but letters and digits as `%XX`.
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            wire: utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: [byte]
                default: [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            })
    }
}

extension Sequence<UInt8> {
    /// `%XX` as a byte, where two digits follow; everything else as it is. Written apart from the parsers' own.
    var percentDecoded: [UInt8] {
        let bytes = Array(self)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count, bytes[index + 1].isHex, bytes[index + 2].isHex,
                let value = UInt8(String(wire: bytes[(index + 1)...(index + 2)]), radix: 16)
            {
                decoded.append(value)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }
}

extension UInt8 {
    var isHex: Bool { (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
}
