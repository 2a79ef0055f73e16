// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import HTTPTypes
import Hummingbird
import Logging
import Model

/// Finds out who calls, by token or by signature, before a ``CallerContext`` can be made.
struct Authentication: RouterMiddleware {
    /// 12 MB, the cloud gateway's limit of a body.
    static let bodyLimit = 12 << 20

    let identity: Identity

    func handle(
        _ request: Request, context: OpenContext, next: (Request, OpenContext) async throws -> Response
    ) async throws -> Response {
        var request = request
        var context = context
        // Nobody's body is read before it is known who sends it: 12 MB of each of a thousand strangers is too much.
        if request.headers[.authorization] == nil {
            guard request.headers[.xAuthToken] != nil else { return try await next(request, context) }
            // The handler reads the body, where it has a use for one.
            context.caller = try await identity.caller(of: request, body: ByteBuffer())
        } else {
            if request.mayHaveLargeBody {
                try await identity.checkAccessKey(of: SignedRequest(request, body: ByteBuffer()))
            }
            let body = try await request.collect(upTo: Self.bodyLimit)
            let signer = try await identity.signer(of: SignedRequest(request, body: body))
            context.caller = signer.caller
            return try await answer(to: request, of: signer, context, next)
        }
        return try await next(request, context)
    }

    /// A request that is told to come again later has changed nothing. Its signature stays good, since the clients' libraries
    /// send the very same request again.
    private func answer(
        to request: Request, of signer: Signer, _ context: OpenContext,
        _ next: (Request, OpenContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            if Problem(error).status == .tooManyRequests {
                do {
                    try await identity.release(signer)
                } catch let failure {
                    context.log(.warning, "a signature stays used up", metadata: ["error": "\(failure)"])
                }
            }
            throw error
        }
    }
}

extension Identity {
    /// Who has sent a request; nil where it holds no credentials. A signature counts before a token: the Terraform provider sends
    /// both headers where both are configured.
    /// - Parameter anyScope: whether a token of any scope is taken; the API takes a project's only.
    func caller(of request: Request, body: ByteBuffer, anyScope: Bool = false) async throws -> Caller? {
        if request.headers[.authorization] != nil {
            return try await caller(signing: SignedRequest(request, body: body))
        }
        guard let token = request.headers[.xAuthToken] else { return nil }
        return anyScope ? try await callerOfAnyScope(token: token) : try await caller(token: token)
    }
}

extension SignedRequest {
    fileprivate init(_ request: Request, body: ByteBuffer) {
        let headers = request.headers
        let authority = request.head.authority
        let uri = request.uri
        self.init(
            method: request.method.rawValue, path: uri.path, query: uri.query ?? "",
            headers: { name in
                if name == "host" { return authority.map { [$0] } ?? [] }
                guard let name = HTTPField.Name(name) else { return [] }
                return headers[values: name]
            },
            body: SignedBody(isEmpty: body.readableBytes == 0) { hash in body.withUnsafeReadableBytes { hash($0) } })
    }
}
