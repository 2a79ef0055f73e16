// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The texts of commit and tag objects: header lines, an empty line, the message.
///
/// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
extension GitCommit {
    init?(id: String, raw: ArraySlice<UInt8>) {
        let parts = GitObjectText(raw)
        guard
            let tree = parts.first("tree"),
            let author = parts.first("author").flatMap(GitSignature.init(raw:)),
            let committer = parts.first("committer").flatMap(GitSignature.init(raw:))
        else { return nil }
        self.init(
            id: id,
            tree: tree,
            parents: parts.headers.filter { $0.key == "parent" }.map(\.value),
            author: author,
            committer: committer,
            message: parts.message
        )
    }
}

extension GitTag {
    init?(id: String, raw: ArraySlice<UInt8>) {
        let parts = GitObjectText(raw)
        guard
            let target = parts.first("object"),
            let type = parts.first("type").flatMap(GitObjectType.init(rawValue:)),
            let name = parts.first("tag")
        else { return nil }
        self.init(
            id: id,
            name: name,
            target: target,
            targetType: type,
            tagger: parts.first("tagger").flatMap(GitSignature.init(raw:)),
            message: parts.message
        )
    }
}

extension GitSignature {
    /// `Name <email> 1700000000 +0100`. Commits that old importers left without a date count from 1970, as git shows them.
    init?(raw: String) {
        guard let open = raw.firstIndex(of: "<"), let close = raw.lastIndex(of: ">"), open < close else { return nil }
        let numbers = raw[raw.index(after: close)...].split(separator: " ")
        let time = numbers.first.flatMap { Int64($0) } ?? 0
        let zone = numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
        var name = raw[..<open]
        while name.last == " " { name.removeLast() }
        self.init(
            name: String(name),
            email: String(raw[raw.index(after: open)..<close]),
            time: time,
            offset: zone / 100 * 60 + zone % 100
        )
    }
}

private struct GitObjectText {
    var headers: [(key: String, value: String)] = []
    let message: String

    init(_ raw: ArraySlice<UInt8>) {
        var rest = raw
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")), end != rest.startIndex {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            // A line that begins with a space continues a signature above it, which nothing here reads.
            guard line.first != UInt8(ascii: " "), let space = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
            headers.append(
                (String(decoding: line[..<space], as: UTF8.self), String(decoding: line[(space + 1)...], as: UTF8.self))
            )
        }
        message = String(decoding: rest.dropFirst(), as: UTF8.self)
    }

    func first(_ key: String) -> String? {
        headers.first { $0.key == key }?.value
    }
}
