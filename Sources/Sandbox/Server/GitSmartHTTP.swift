// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Subprocess

/// The protocol behind `git clone`, `fetch` and `push` over HTTP, through `git http-backend`.
///
/// Who may do what is the emulator's business: it asks ``Operation`` what a request wants, checks the credentials and
/// then lets ``respond(_:request:repository:user:)`` do it.
/// https://git-scm.com/docs/http-protocol, https://git-scm.com/docs/git-http-backend
enum GitSmartHTTP {
    struct Operation: Sendable, Hashable {
        /// `namespace/path`, without `.git`.
        let repositoryPath: String
        /// A push, as against a clone or fetch.
        let isWriting: Bool
        /// `/info/refs`, `/git-upload-pack` or `/git-receive-pack`.
        fileprivate let suffix: String
    }

    /// What a request wants of git; nil where it is none of git's.
    static func operation(of request: ForgeRequest) -> Operation? {
        let segments = request.segments
        let tail: Int
        let service: String
        if request.method == .get, segments.suffix(2) == ["info", "refs"] {
            tail = 2
            service = request.query["service"] ?? ""
        } else if request.method == .post {
            tail = 1
            service = segments.last ?? ""
        } else {
            return nil
        }
        guard service == "git-upload-pack" || service == "git-receive-pack", segments.count > tail + 1 else {
            return nil
        }
        var path = segments.dropLast(tail).joined(separator: "/")
        if path.hasSuffix(".git") { path.removeLast(4) }
        return Operation(
            repositoryPath: path,
            isWriting: service == "git-receive-pack",
            suffix: "/" + segments.suffix(tail).joined(separator: "/")
        )
    }

    /// Runs the operation on a repository.
    /// - Parameters:
    ///   - body: the request's, where it has been read already.
    ///   - user: for the reflog; nil where nobody is signed in.
    static func respond(
        _ operation: Operation,
        request: ForgeRequest,
        body: [UInt8]? = nil,
        repository: GitRepository,
        user: String?
    ) async throws -> Response {
        var input = body ?? []
        if body == nil { input = try await request.bytes() }
        var variables: [String: String] = [
            "GIT_PROJECT_ROOT": repository.directory,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": operation.suffix,
            "REQUEST_METHOD": request.method.rawValue,
            "QUERY_STRING": request.rawQuery,
            "CONTENT_LENGTH": String(input.count),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
        ]
        variables["REMOTE_USER"] = user
        variables["CONTENT_TYPE"] = request.headers[.contentType]
        variables["HTTP_CONTENT_ENCODING"] = request.headers[.contentEncoding]
        // Git asks for version 2 of its protocol with this header.
        variables["GIT_PROTOCOL"] = HTTPField.Name("Git-Protocol").flatMap { request.headers[$0] }
        let result = try await Subprocess.run(
            GitCommand.executable,
            arguments: ["http-backend"],
            environment: GitCommand.environment(of: nil, adding: variables),
            input: .array(input),
            output: .bytes(limit: .max),
            error: .string(limit: 1 << 20)
        )
        guard let response = parse(result.standardOutput) else {
            throw GitError.failed(
                command: "http-backend", status: "\(result.terminationStatus)", message: result.standardError)
        }
        return response
    }

    /// A CGI answer: header lines, an empty line, the body. `Status` holds the status where it is not 200.
    private static func parse(_ output: [UInt8]) -> Response? {
        var status = HTTPResponse.Status.ok
        var headers = HTTPFields()
        var rest = output[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty {
                return Response(
                    status: status, headers: headers,
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: rest)))
            }
            let halves = String(decoding: line, as: UTF8.self).split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            if halves[0].lowercased() == "status" {
                guard let code = Int(halves[1].trimmed.prefix(3)) else { return nil }
                status = HTTPResponse.Status(code: code)
            } else if let name = HTTPField.Name(String(halves[0])) {
                headers[name] = halves[1].trimmed
            }
        }
        return nil
    }
}
