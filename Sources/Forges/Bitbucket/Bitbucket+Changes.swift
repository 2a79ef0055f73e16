// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Bitbucket {
    /// One form for making, changing and removing a file, which overwrites what is there and knows no lock on a file: what is there is
    /// looked up first, at the branch's latest commit, and `parents` has Bitbucket refuse whatever came in between.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/#api-repositories-workspace-repo-slug-src-post
    func change(_ change: FileChange, at location: FileLocation) async throws(ForgeError) {
        guard GitName.isPath(location.path), !location.path.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            guard case .create = change.kind else { throw Self.notFound(.file) }
            throw ForgeError(
                .invalidRequest, .bitbucket,
                "\(Quotation.of(location.path)) cannot be a file's path here. Choose another one.")
        }
        let path = try path(of: location.repository)
        let head = try await head(of: location.ref, in: path)
        var entry: WireEntry?
        if let head { entry = try await self.entry(at: location.path, of: head, in: path) }
        var form = Form()
        form.add("message", change.message)
        form.add("branch", location.ref)
        if let head { form.add("parents", head) }
        switch change.kind {
        case .create(let bytes):
            guard entry == nil else { throw Self.fileExists }
            if head != nil { try await requireNoFile(above: location, at: .bitbucket) }
            form.add(file: location.path, bytes, attributes: [])
            try await send(form, to: path)
        case .update(let bytes, let expected):
            let old = try await require(entry, expected, at: location, head: head, in: path)
            form.add(file: location.path, bytes, attributes: entry?.attributes ?? [])
            do {
                try await send(form, to: path)
            } catch {
                // Should Bitbucket refuse a commit that changes nothing: the file is as it was asked for.
                guard error.code == .invalidRequest, old == bytes else { throw error }
            }
        case .delete(let expected):
            _ = try await require(entry, expected, at: location, head: head, in: path)
            form.add("files", "/" + location.path)
            try await send(form, to: path)
        }
    }

    private func send(_ form: Form, to path: String) async throws(ForgeError) {
        _ = try await session.send(
            Call(
                .post, path + "/src", headers: [Upstream.Header("Content-Type", form.contentType)], body: form.body,
                expecting: [200, 201]))
    }

    /// The latest commit of what must be a branch; nil in an empty repository, where the first commit makes it.
    private func head(of branch: String, in path: String) async throws(ForgeError) -> String? {
        guard GitName.isRef(branch) else { throw Self.notFound(.branch) }
        if let head = try await commit("branches", branch, in: path) { return head }
        // Bitbucket would make a branch of this name.
        do {
            guard try await commit(of: branch, in: path) != nil else { return nil }
        } catch {
            guard error.code == .notFound, error.message == Self.notFound(.ref).message else { throw error }
            throw Self.notFound(.branch)
        }
        throw ForgeError(
            .invalidRequest, .bitbucket, "A file can be written to a branch only, not to a tag or a commit.")
    }

    /// Throws unless the file is there and as the caller expects it: by its blob, or by the branch's latest commit.
    /// - Returns: its bytes, where they were needed.
    private func require(
        _ entry: WireEntry?, _ expected: String, at location: FileLocation, head: String?, in path: String
    ) async throws(ForgeError) -> [UInt8]? {
        guard let head, let entry, entry.isFile else { throw Self.notFound(.file) }
        if expected.lowercased() == head { return nil }
        let bytes = try await bytes(of: entry, at: location.path, of: head, in: path)
        guard GitBlob.isName(expected, of: bytes) else { throw Self.conflict }
        return bytes
    }

    /// `multipart/form-data`, since the other form that Bitbucket takes is for texts only. https://www.rfc-editor.org/rfc/rfc7578
    private struct Form {
        private let boundary: String
        private var parts: [UInt8] = []

        init() {
            var generator = SystemRandomNumberGenerator()
            boundary = "gatehouse-" + (0..<4).map { _ in String(generator.next(), radix: 16) }.joined()
        }

        var contentType: String { "multipart/form-data; boundary=" + boundary }
        var body: [UInt8] { parts + Array("--\(boundary)--\r\n".utf8) }

        mutating func add(_ name: String, _ value: String) {
            add("form-data; name=\"\(name)\"", Array(value.utf8))
        }

        /// The name is the path, with a slash before it so that a file may be called `message`. A file that was executable or a link
        /// would be neither any more without its attribute.
        mutating func add(file path: String, _ bytes: [UInt8], attributes: [String]) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let kept = attributes.first { $0 == "executable" || $0 == "link" }.map { "; x-attributes=\"\($0)\"" } ?? ""
            add(
                "form-data; name=\"\(Self.quoted("/" + path))\"; filename=\"\(Self.quoted(name))\"\(kept)", bytes,
                type: "application/octet-stream")
        }

        private mutating func add(_ disposition: String, _ bytes: [UInt8], type: String? = nil) {
            let head =
                "--\(boundary)\r\nContent-Disposition: \(disposition)\r\n"
                + (type.map { "Content-Type: \($0)\r\n" } ?? "")
            parts += Array((head + "\r\n").utf8) + bytes + Array("\r\n".utf8)
        }

        private static func quoted(_ text: String) -> String {
            text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        }
    }
}
