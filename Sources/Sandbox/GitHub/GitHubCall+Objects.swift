// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

extension GitHubCall {
    func createTag() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let name = try body.requiredString("tag")
        let message = try body.requiredString("message")
        let target = try body.requiredString("object")
        let git = try await filledGit(repository)
        guard let type = GitObjectType(rawValue: try body.requiredString("type")), type != .tag else {
            throw GitHubProblem.invalidRequest("\"type\" is not one of commit, tree, blob.")
        }
        guard try await git.isValidRefName(name) else {
            throw GitHubProblem.unprocessable("\(name) is not a valid tag name.")
        }
        let tagger = try signature(body["tagger"], "tagger")
        let sha = try await translating({ error in
            if case .notFound = error { .unprocessable("Could not verify object") } else { nil }
        }) { () throws(GitError) in
            try await git.writeTag(name, target: target, type: type, message: message, tagger: tagger)
        }
        guard let tag = try await git.tag(sha) else { throw GitHubProblem.notFound }
        let view = GitHubRepositoryView(view, repository)
        return .json(view.tag(tag), status: .created, headers: [.location: "\(view.api)/git/tags/\(sha)"])
    }

    func tag() async throws -> Response {
        let repository = try repository()
        guard let tag = try await filledGit(repository).tag(parameters["sha"]) else { throw GitHubProblem.notFound }
        return .json(GitHubRepositoryView(view, repository).tag(tag))
    }

    func createBlob() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let content = try body.requiredString("content")
        let bytes: [UInt8]
        switch try body.optionalString("encoding") ?? "utf-8" {
        case "utf-8": bytes = Array(content.utf8)
        case "base64": bytes = try Self.base64(content)
        default: throw GitHubProblem.invalidRequest("\"encoding\" is not one of utf-8, base64.")
        }
        let sha = try await filledGit(repository).writeBlob(bytes)
        let url = "\(GitHubRepositoryView(view, repository).api)/git/blobs/\(sha)"
        return .json(["sha": .string(sha), "url": .string(url)], status: .created, headers: [.location: url])
    }

    func blob() async throws -> Response {
        let repository = try repository()
        let git = try await filledGit(repository)
        let sha = parameters["sha"]
        guard let header = try await git.header(sha), header.type == .blob else { throw GitHubProblem.notFound }
        guard header.size <= 100 << 20 else { throw GitHubProblem.tooLarge("blob") }
        let bytes = try await git.blob(sha)
        if wantsRaw { return raw(bytes) }
        return .json([
            "sha": .string(sha),
            "node_id": GitHubView.nodeID("Blob", "\(repository.id):\(sha)"),
            "size": .integer(bytes.count),
            "url": .string("\(GitHubRepositoryView(view, repository).api)/git/blobs/\(sha)"),
            "content": Base64Lines.json(bytes),
            "encoding": "base64",
        ])
    }

    func commitObject() async throws -> Response {
        let repository = try repository()
        guard let commit = try await filledGit(repository).commit(parameters["sha"]) else {
            throw GitHubProblem.notFound
        }
        return .json(GitHubRepositoryView(view, repository).gitCommit(commit))
    }

    func createCommit() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let message = try body.requiredString("message")
        let tree = try body.requiredString("tree")
        let git = try await filledGit(repository)
        guard try await git.objectType(tree) == .tree else {
            throw GitHubProblem.unprocessable("Tree SHA does not exist")
        }
        let parents = (body["parents"]?.arrayValue ?? []).compactMap(\.stringValue)
        for parent in parents where try await git.objectType(parent) != .commit {
            throw GitHubProblem.unprocessable("Parent SHA does not exist or is not a commit object")
        }
        let author = try signature(body["author"], "author")
        let committer = body["committer"] == nil ? author : try signature(body["committer"], "committer")
        let text = GitCommitText(message: message, author: author, committer: committer)
        let sha = try await git.writeCommit(tree: tree, parents: parents, text: text)
        guard let commit = try await git.commit(sha) else { throw GitHubProblem.notFound }
        let view = GitHubRepositoryView(view, repository)
        return .json(
            view.gitCommit(commit), status: .created, headers: [.location: "\(view.api)/git/commits/\(sha)"])
    }

    /// The person of a body; the caller where the body names none.
    func signature(_ person: JSON?, _ field: String) throws -> GitSignature {
        let user = try user()
        guard let person, !person.isNull else { return .now(name: user.name, email: user.email) }
        guard case .object = person else { throw GitHubProblem.invalidRequest("\"\(field)\" is not an object.") }
        let name = try person.requiredString("name")
        let email = try person.requiredString("email")
        guard !name.trimmed.isEmpty, !email.trimmed.isEmpty else {
            throw GitHubProblem.invalidRequest("\"\(field)\" needs a name and an email.")
        }
        guard let date = try person.optionalString("date") else { return .now(name: name, email: email) }
        guard let time = Timestamp.seconds(date) else {
            throw GitHubProblem.invalidRequest("\"date\" is not an ISO 8601 time.")
        }
        return GitSignature(name: name, email: email, time: time)
    }

    /// Base64 with or without line ends.
    static func base64(_ text: String) throws(GitHubProblem) -> [UInt8] {
        if let data = Data(base64Encoded: text) { return Array(data) }
        let compact = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let data = Data(base64Encoded: Data(compact)) else { throw .unprocessable("content is not valid Base64") }
        return Array(data)
    }

    /// Whether the request asks for a file's own bytes.
    /// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types
    var wantsRaw: Bool {
        let accept = request.headers[.accept] ?? ""
        return accept.contains("vnd.github.raw") || accept.contains("vnd.github.v3.raw")
    }

    func raw(_ bytes: [UInt8]) -> Response {
        .bytes(bytes, type: "application/vnd.github.raw; charset=utf-8")
    }
}

/// Base64 as GitHub writes it: a line feed after every 60 characters and at the end.
enum Base64Lines {
    /// As a JSON string, its line feeds escaped already.
    static func json(_ bytes: [UInt8]) -> JSON {
        let encoded = Array(Data(bytes).base64EncodedData())
        var text: [UInt8] = [UInt8(ascii: "\"")]
        text.reserveCapacity(encoded.count + encoded.count / 30 + 4)
        var start = 0
        while start < encoded.count {
            let end = min(start + 60, encoded.count)
            text += encoded[start..<end]
            text += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            start = end
        }
        text.append(UInt8(ascii: "\""))
        return .encoded(text)
    }
}
