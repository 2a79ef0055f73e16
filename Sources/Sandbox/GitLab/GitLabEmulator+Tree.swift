// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

/// https://docs.gitlab.com/api/repositories/
extension GitLabEmulator {
    /// Twenty entries a page by default, directories before files in each directory.
    func tree(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let ref = form.text("ref")
        let path = form.text("path") ?? ""
        let recursive = form.flag("recursive", default: false)
        let kind = form.choice("pagination", of: ["legacy", "keyset", "none"])
        let token = form.text("page_token")
        if kind == "none", !recursive {
            form.complain("pagination cannot be \"none\" unless \"recursive\" is true")
        }
        let paging = GitLabPaging(&form)
        try form.validate()
        let (project, git) = try call.code()
        guard let id = try await commitID(ref ?? "", of: project) else { throw GitLabRefusal.notFound("Tree") }
        let entries = try await Self.entries(of: id, path: path, recursive: recursive, in: git)
        let page: GitLabPage<GitTreeEntry>
        switch kind {
        case "none": page = GitLabPage(elements: entries, headers: [])
        case "keyset":
            var rest = entries[...]
            if let token, !token.isEmpty {
                guard let index = Self.index(of: token, in: entries) else {
                    throw GitLabRefusal.message(422, "Invalid page token: \(token)")
                }
                rest = entries[(index + 1)...]
            }
            page = paging.keyset(rest, link: call.link(form)) { ["page_token": Self.token(of: $0)] }
        default: page = paging.page(entries, link: call.link(form))
        }
        return .gitLab(page) { call.entities.treeEntry($0) }
    }

    /// A blob by its SHA, in base64.
    func blob(_ call: GitLabCall) async throws -> Response {
        let (id, bytes) = try await blobContent(call)
        return .gitLab([
            "size": .integer(bytes.count), "encoding": "base64",
            "content": .base64(bytes), "sha": .string(id),
        ])
    }

    func rawBlob(_ call: GitLabCall) async throws -> Response {
        let (id, bytes) = try await blobContent(call)
        return Self.raw(bytes, name: id)
    }

    /// A file's or blob's bytes, as nothing that a browser would run. https://docs.gitlab.com/api/repository_files/
    static func raw(_ bytes: [UInt8], name: String) -> Response {
        let isText = !bytes.prefix(8000).contains(0)
        let plain = name.map { $0.isASCII && $0 != "\"" && $0 != "\\" && !$0.isNewline ? $0 : "_" }
        let encoded = PercentEncoding.encode(name)
        return .bytes(
            bytes, type: isText ? "text/plain; charset=utf-8" : "application/octet-stream",
            headers: [
                .contentDisposition: "inline; filename=\"\(String(plain))\"; filename*=UTF-8''\(encoded)",
                .cacheControl: "max-age=0, private, must-revalidate, no-store, no-cache",
                .expires: "Fri, 01 Jan 1990 00:00:00 GMT",
                .gitLabPragma: "no-cache",
            ])
    }

    private func blobContent(_ call: GitLabCall) async throws -> (id: String, bytes: [UInt8]) {
        let (_, git) = try call.code()
        let sha = call.path["sha"]
        guard GitRepository.isAbbreviatedObjectID(sha), let id = try await git.objectID(sha) else {
            throw GitLabRefusal.notFound("Blob")
        }
        do {
            return (id, try await git.blob(id))
        } catch GitError.notFound {
            throw GitLabRefusal.notFound("Blob")
        }
    }

    private static func entries(
        of commit: String, path: String, recursive: Bool, in git: GitRepository
    ) async throws -> [GitTreeEntry] {
        do {
            return ordered(try await git.tree(commit, path: path, recursive: recursive))
        } catch GitError.notFound {
            throw GitLabRefusal.notFound("invalid revision or path")
        }
    }

    /// Within one directory first its directories, then its files, then its submodules; a recursive list keeps git's order.
    private static func ordered(_ entries: [GitTreeEntry]) -> [GitTreeEntry] {
        let first = entries.first?.path.split(separator: "/").dropLast()
        guard entries.allSatisfy({ $0.path.split(separator: "/").dropLast() == first }) else { return entries }
        return [GitObjectType.tree, .blob, .commit].flatMap { type in entries.filter { $0.type == type } }
    }

    /// The next page begins behind this entry. Entries have no numbers, and one blob may stand at many paths.
    private static func token(of entry: GitTreeEntry) -> String {
        Data("{\"file_name\":\"\(entry.path)\"}".utf8).base64EncodedString()
    }

    /// By a token of this forge, or by an object's SHA, as older servers have it.
    private static func index(of token: String, in entries: [GitTreeEntry]) -> Int? {
        let decoded = Data(base64Encoded: token).map { String(decoding: $0, as: UTF8.self) } ?? ""
        if decoded.hasPrefix("{\"file_name\":\""), decoded.hasSuffix("\"}") {
            let path = decoded.dropFirst(14).dropLast(2)
            return entries.firstIndex { $0.path == path }
        }
        return entries.firstIndex { $0.id == token }
    }
}

extension JSON {
    /// Bytes as a base64 string, without line breaks.
    static func base64(_ bytes: [UInt8]) -> JSON {
        .encoded(Array("\"\(Data(bytes).base64EncodedString())\"".utf8))
    }
}
