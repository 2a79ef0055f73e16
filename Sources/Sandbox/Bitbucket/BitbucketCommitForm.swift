// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What a post to `src` says: files to put, files to remove, and fields about the commit.
/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/#api-repositories-workspace-repo-slug-src-post
struct BitbucketCommitForm: Sendable {
    struct File: Sendable {
        let path: String
        let bytes: [UInt8]
        /// `link` or `executable`.
        let attribute: String?
    }

    private(set) var files: [File] = []
    /// Named in `files`. Those that are put as well are not removed.
    private(set) var listed: [String] = []
    private(set) var message: String?
    private(set) var author: String?
    private(set) var branch: String?
    private(set) var parents: [String] = []

    private static let fields: Set<String> = ["message", "author", "branch", "parents", "files"]

    init(_ request: ForgeRequest) async throws {
        for field in request.query.fields where Self.fields.contains(field.name) { add(field.name, field.value) }
        let body = try await request.bytes()
        switch request.mediaType {
        case "multipart/form-data": try addParts(of: body, type: request.headers[.contentType] ?? "")
        case nil, "application/x-www-form-urlencoded":
            for field in FormFields(parsing: String(decoding: body, as: UTF8.self)).fields {
                if Self.fields.contains(field.name) {
                    add(field.name, field.value)
                } else {
                    put(field.name, Array(field.value.utf8), nil)
                }
            }
        default: throw BitbucketProblem(415, "Unsupported media type")
        }
    }

    private mutating func add(_ name: String, _ value: String) {
        switch name {
        case "message": message = value
        case "author": author = value
        case "branch": branch = value
        case "parents": parents += value.split(separator: ",").map { $0.trimmed }
        default: listed.append(Self.absolute(value))
        }
    }

    private mutating func put(_ path: String, _ bytes: [UInt8], _ attribute: String?) {
        files.removeAll { $0.path == Self.absolute(path) }
        files.append(File(path: Self.absolute(path), bytes: bytes, attribute: attribute))
    }

    /// From the repository's root, with or without a slash before it.
    private static func absolute(_ path: String) -> String { String(path.drop { $0 == "/" }) }

    private mutating func addParts(of body: [UInt8], type: String) throws {
        guard let form = Multipart(body, type: type) else {
            throw BitbucketProblem(400, "Bad request", detail: "The form has no boundary.")
        }
        for part in form.parts {
            guard let name = part.name else { continue }
            // A file has a name of its own; so a file may be called `message`.
            if part.parameters["filename"] != nil || !Self.fields.contains(name) {
                put(name, part.bytes, part.parameters["x-attributes"])
            } else {
                add(name, String(decoding: part.bytes, as: UTF8.self))
            }
        }
    }
}
