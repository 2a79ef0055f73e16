// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension BitbucketServer {
    /// A body of `multipart/form-data`. https://www.rfc-editor.org/rfc/rfc7578
    struct Form {
        private var body: [UInt8] = []
        private let boundary = "gatehouse-" + UUID().uuidString

        /// A text. Its part says its character set, which the server would otherwise guess.
        mutating func add(_ name: String, text: String) {
            begin(name, "", type: "text/plain; charset=UTF-8")
            end(Array(text.utf8))
        }

        /// Bytes, as a browser sends a file: of any content, none of which is read as text.
        mutating func add(_ name: String, file bytes: [UInt8]) {
            begin(name, "; filename=\"content\"", type: "application/octet-stream")
            end(bytes)
        }

        /// The call with this body. Bitbucket takes a form only with a header that no other site's page can send.
        /// https://confluence.atlassian.com/bitbucketserverkb/xsrf-check-failed-when-calling-rest-api-779171666.html
        func call(_ method: Upstream.Method, _ path: String, expecting expected: Set<Int>) -> Call {
            Call(
                method, path,
                headers: [
                    Upstream.Header("Content-Type", "multipart/form-data; boundary=\(boundary)"),
                    Upstream.Header("X-Atlassian-Token", "no-check"),
                ], body: body + Array("--\(boundary)--\r\n".utf8), expecting: expected)
        }

        private mutating func begin(_ name: String, _ more: String, type: String) {
            body += "--\(boundary)\r\n".utf8
            body += "Content-Disposition: form-data; name=\"\(name)\"\(more)\r\nContent-Type: \(type)\r\n\r\n".utf8
        }

        private mutating func end(_ content: [UInt8]) {
            body += content
            body += "\r\n".utf8
        }
    }
}
