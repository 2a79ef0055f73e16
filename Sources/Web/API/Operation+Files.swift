// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import Hummingbird
import Model

extension Operation {
    /// The operations on files.
    static func files(_ broker: Broker) -> [Operation] {
        let place = "/files/{namespace}/{project}/{path}"
        return [
            Operation("ListTrees", .get, "/files/{namespace}/{project}/trees", .listFiles, about: .tree) { call in
                let repository = try call.repository()
                let ref = try call.ref()
                return list("paths", try await call.open(broker).files(of: repository, at: ref)) { $0.string($1) }
            },
            Operation("ShowContent", .get, place, .getFile, about: .file) { call in
                let file = try await call.forge(broker).file(at: try call.location())
                var json = JSONWriter()
                json.object {
                    $0.member("path", file.path)
                    $0.member("sha", file.sha)
                    $0.member("encoding", "base64")
                    $0.member("content", Data(file.bytes).base64EncodedString())
                }
                return json.response()
            },
            Operation("CreateFile", .post, place, .createFile, about: .file) { call in
                let location = try call.location()
                let body = try await Body(call.request)
                let change = FileChange(.create(bytes: try body.base64("content")), message: try body.message())
                return try await write(change, at: location, call, broker)
            },
            Operation("UpdateFile", .put, place, .updateFile, about: .file) { call in
                let location = try call.location()
                let body = try await Body(call.request)
                let change = FileChange(
                    .update(bytes: try body.base64("content"), expected: try sha(try body.text("sha", limit: 64))),
                    message: try body.message())
                return try await write(change, at: location, call, broker)
            },
            Operation("DeleteFile", .delete, place, .deleteFile, about: .file) { call in
                let location = try call.location()
                let change = FileChange(
                    .delete(expected: try sha(try call.parameters.required("sha"))),
                    message: try call.parameters.requiredLines("message"))
                try await call.forge(broker).change(change, at: location)
                return Response(status: .noContent)
            },
        ]
    }

    private static func write(
        _ change: FileChange, at location: FileLocation, _ call: Call, _ broker: Broker
    ) async throws -> Response {
        try await call.forge(broker).change(change, at: location)
        var json = JSONWriter()
        json.object { $0.member("path", location.path) }
        return json.response()
    }

    /// A git object's name: 40 hexadecimal digits, or 64 in a SHA-256 repository.
    private static func sha(_ text: String) throws -> String {
        guard text.utf8.count == 40 || text.utf8.count == 64,
            text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
        else { throw ProblemError.invalid("sha must be the 40 hexadecimal digits that reading the file has answered.") }
        return text.lowercased()
    }
}

extension Body {
    fileprivate func message() throws -> String {
        try text("message", limit: 65_536)
    }
}
