// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer of any type.
    static func bytes(
        _ bytes: [UInt8],
        type: String,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = type }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A JSON answer, with an `ETag` where it is small enough for a cache to be worth it.
    static func json(
        _ value: JSON,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        type: String = "application/json; charset=utf-8"
    ) -> Response {
        let text = value.text
        var headers = headers
        if status == .ok, text.count < 1 << 20 { headers[.eTag] = "W/\"\(Digest.sha256(text))\"" }
        return .bytes(text, type: type, status: status, headers: headers)
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        .bytes(Array(text.utf8), type: "text/plain; charset=utf-8", status: status, headers: headers)
    }

    static func html(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        .bytes(Array(text.utf8), type: "text/html; charset=utf-8", status: status, headers: headers)
    }

    /// An answer without a body.
    static func empty(_ status: HTTPResponse.Status = .noContent, headers: HTTPFields = [:]) -> Response {
        Response(status: status, headers: headers, body: ResponseBody())
    }

    static func redirection(to address: String, status: HTTPResponse.Status = .found) -> Response {
        .empty(status, headers: [.location: address])
    }

    /// This answer with a session cookie that scripts and other sites cannot use.
    func settingCookie(_ name: String, _ value: String) -> Response {
        var changed = self
        changed.headers.append(HTTPField(name: .setCookie, value: "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax"))
        return changed
    }
}
