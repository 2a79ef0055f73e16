// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// The addresses that bodies of the API lead to: `download_url` and `avatar_url`.
extension GitHubEmulator {
    /// `/owner/repo/raw/ref/path`, where a ref may have slashes: the shortest one that exists is meant.
    func raw(_ segments: [String], _ request: ForgeRequest) async throws -> Response {
        let identity = try identity(of: request)
        let fullPath = segments[0] + "/" + segments[1]
        guard let repository = backend.store.read({ $0.repository(fullPath: fullPath) }),
            mayRead(repository, identity)
        else { throw GitHubProblem.notFound }
        let git = backend.git(repository)
        let rest = segments.dropFirst(3)
        for length in 1..<rest.count {
            guard let commit = try await git.commitID(rest.prefix(length).joined(separator: "/")) else { continue }
            let path = rest.dropFirst(length).joined(separator: "/")
            guard let entry = try await git.entry(path, in: commit), entry.type == .blob else { break }
            return .bytes(
                try await git.blob(entry.id), type: "application/octet-stream",
                headers: [GitHubHeaders.field("X-Content-Type-Options"): "nosniff"])
        }
        throw GitHubProblem.notFound
    }

    /// The account's first letter.
    func avatar(of id: String) -> Response {
        let name = backend.store.read { state in
            Int(id).flatMap { state.user(id: $0)?.login ?? state.group(id: $0)?.path }
        }
        guard let letter = name?.first else { return .text("Not Found\n", status: .notFound) }
        let text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#456"/>\
            <text x="32" y="42" font-size="30" font-family="sans-serif" text-anchor="middle" fill="#fff">\
            \(HTMLPage.escape(letter.uppercased()))</text></svg>
            """
        return .bytes(Array(text.utf8), type: "image/svg+xml")
    }
}
