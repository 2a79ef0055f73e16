// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

@testable import Forges

extension Parser {
    /// Whatever a forge answers becomes an error with a sentence on one line, or sound tokens.
    ///
    /// The input: a byte for the forge, one for the status, headers with a colon in lines, an empty line, the body.
    static func answer(_ input: [UInt8]) throws -> Bool {
        guard input.count >= 2 else { return false }
        let statuses = [
            200, 201, 204, 301, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 429, 451, 500, 502, 503, 0, 999,
        ]
        let status = statuses[Int(input[1]) % statuses.count]
        var rest = input[2...]
        var headers: [Upstream.Header] = []
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            let name = line.prefix { $0 != 0x3A }
            headers.append(
                .init(String(wire: name), String(wire: line[name.endIndex...].dropFirst().drop { $0 == 0x20 })))
        }
        let response = Upstream.Response(status: status, headers: headers, body: Array(rest))
        let forges = ForgeID.allCases
        let index = Int(input[0]) % (forges.count + 1)
        let forge = index < forges.count ? forges[index] : .bitbucket
        try holds(index < forges.count ? error(of: forge, response) : BitbucketServer.explain(response), of: response)
        if let next = LinkHeader.next(in: response) { try hold(!next.isEmpty, "a link leads nowhere") }
        if let scopes = CredentialFacts.scopes(in: response) {
            try hold(
                scopes.count <= 100 && scopes.allSatisfy { (1...60).contains($0.utf8.count) && $0.isOneLine },
                "what is no scope counts as one")
        }
        if let time = response.header("Date") { _ = CredentialFacts.beginning(of: time) }
        var isTaken = false
        for grant in [OAuthAnswer.Grant.code, .refreshToken] {
            do {
                let tokens = try OAuthAnswer(response, forge: forge).tokens(for: grant)
                isTaken = true
                try hold([200, 201].contains(status), "tokens are taken from an answer of status \(status)")
                try hold(!tokens.accessToken.exposed.isEmpty, "an empty token is taken")
                try hold(tokens.refreshToken?.exposed.isEmpty != true, "an empty refresh token is taken")
                try hold(tokens.lifetime.map { $0 > 0 } ?? true, "a token's lifetime is none")
            } catch let error as ForgeError {
                try holds(error, of: response)
            }
        }
        for scheme in WebhookVerifier.Scheme.allCases {
            let verifier = WebhookVerifier(
                scheme, secret: Secret("whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IQ=="), now: { 0 })
            do {
                try verifier.verify(.init(headers: headers, body: response.body))
                throw Broken(description: "a delivery of \(scheme) is taken whose secret nobody knows")
            } catch is WebhookRefusal {}
        }
        return isTaken
    }

    private static func error(of forge: ForgeID, _ response: Upstream.Response) -> ForgeError {
        switch forge {
        case .github: GitHubAnswer(response, host: .official(.github), now: 1_767_225_600).error
        case .gitlab: GitLab.explain(response)
        case .devcloud: CodeArts.explain(response)
        case .gitee: Gitee.explain(response)
        case .bitbucket: Bitbucket.explain(response)
        case .gitea: Gitea.explain(response)
        }
    }

    private static func holds(_ error: ForgeError, of response: Upstream.Response) throws {
        try hold(
            (10...600).contains(error.message.utf8.count)
                && error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) },
            "an error has no sentence, a long one, or one with control characters: \(error.message)")
        try hold(
            error.retryAfter.map { (1...86_400).contains($0) } ?? true,
            "a forge's limit lasts \(error.retryAfter ?? 0) seconds")
    }

    /// Whatever a git server answers is read within the bounds of its bytes.
    ///
    /// The first byte says what is read.
    static func git(_ input: [UInt8]) throws -> Bool {
        guard let kind = input.first else { return false }
        let bytes = Array(input.dropFirst())
        switch kind % 6 {
        case 0:
            guard let lines = PacketLine.read(bytes) else { return false }
            let written = PacketLine.write(lines)
            try hold(
                written.flatMap(PacketLine.read) == lines, "lines that are written are not the same when read again")
            try hold(written?.count == bytes.count, "lines that are written are more or fewer bytes")
            return true
        case 1:
            guard let advertisement = GitRefAdvertisement(bytes) else { return false }
            try hold(
                advertisement.refs.allSatisfy { $0.key.hasPrefix("refs/") && GitName.isWholeObject($0.value) },
                "a ref is no ref")
            return true
        case 2:
            return GitPushReport(bytes, ref: "refs/tags/v1") != nil
        case 3:
            guard bytes.count > 2 else { return false }
            let size = Int(bytes[0]) << 8 | Int(bytes[1])
            let stream = Array(bytes.dropFirst(2))
            let stored = Inflate.stored(stream)
            let whole = Inflate.read(stored, at: 0, size: stream.count)
            try hold(
                whole?.bytes == stream && whole?.end == stored.count,
                "bytes that are stored are not the same when read again")
            guard let (inflated, end) = Inflate.read(stream, at: 0, size: size) else { return false }
            try hold(inflated.count == size && end <= stream.count, "a stream gives more or fewer bytes than it must")
            return true
        case 4:
            guard let entries = GitTreeEntry.read(bytes) else { return false }
            try hold(
                entries.allSatisfy { $0.object.utf8.count == 40 && GitName.isWholeObject($0.object) },
                "a tree's object has no name")
            guard entries.allSatisfy({ entry in entry.mode.utf8.allSatisfy { $0 < 0x80 } }) else { return true }
            try hold(GitTreeEntry.write(entries) == bytes, "a tree that is written is another one")
            return true
        default:
            // With the checksum, which nobody would guess.
            let head = Array("PACK".utf8) + [0, 0, 0, 2]
            let pack = head + bytes
            return GitPack.read(pack + GitObject.checksum(pack)) != nil
        }
    }
}
