// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// `/v3`: the part of OpenStack's Identity API v3 that issues, checks and revokes tokens and names the caller's project.
/// https://docs.openstack.org/api-ref/identity/v3/
struct KeystoneRoutes: Sendable {
    /// A sign-in has no use for more, and anybody may send one.
    private static let bodyLimit = 64 << 10

    let identity: Identity
    /// The address that clients use, for links.
    let publicURL: String
    let record: AuditRecord

    func add(to router: Router<OpenContext>) {
        // Keystone lists its versions with 300, there being more than one in its day.
        router.get("/") { _, _ in
            try await answer { .init(.multipleChoices, try KeystoneVersion(address: publicURL).listJSON()) }
        }
        router.get("/v3") { _, _ in
            try await answer { .init(.ok, try KeystoneVersion(address: publicURL).json()) }
        }
        router.post("/v3/auth/tokens") { request, context in
            try await recording("CreateToken", context) {
                let issued = try await issue(request, from: context.source.address)
                return Recorded(Answer(.created, try issued.body.json(), subject: issued.token.exposed), issued.caller)
            }
        }
        router.get("/v3/auth/tokens") { request, _ in
            try await answer { try await check(request) }
        }
        router.head("/v3/auth/tokens") { request, _ in
            var response = try await answer { try await check(request) }
            response.body = .init()
            return response
        }
        router.delete("/v3/auth/tokens") { request, _ in
            try await answer { try await revoke(request) }
        }
        router.get("/v3/auth/domains") { request, _ in
            try await answer { .init(.ok, try identity.domains(of: try await caller(of: request)).json()) }
        }
        router.post("/v3.0/OS-CREDENTIAL/securitytokens") { request, context in
            try await recording("CreateTemporaryAccessKey", context) {
                let issued = try await issueTemporaryKey(request)
                return Recorded(
                    Answer(.created, try TemporaryKeyAnswer(issued).json()), issued.caller, key: issued.accessKeyID)
            }
        }
        for path in ["/v3/projects", "/v3/auth/projects"] {
            router.get(RouterPath(path)) { request, context in
                try await answer { try await projects(request, context, path) }
            }
        }
    }

    private struct Answer {
        let status: HTTPResponse.Status
        let json: Data?
        var subject: String?

        init(_ status: HTTPResponse.Status, _ json: Data?, subject: String? = nil) {
            self.status = status
            self.json = json
            self.subject = subject
        }
    }

    /// An answer with what is recorded of it.
    private struct Recorded {
        let answer: Answer
        let caller: Caller
        let key: String?

        init(_ answer: Answer, _ caller: Caller, key: String? = nil) {
            self.answer = answer
            self.caller = caller
            self.key = key
        }
    }

    /// Runs a handler that makes a credential of a caller's. Who is refused is nobody's caller, and leaves no event.
    private func recording(
        _ action: String, _ context: OpenContext, _ handle: () async throws -> Recorded
    ) async throws -> Response {
        let note = AuditNote(action, record, requestID: context.requestID, source: context.source)
        return try await answer {
            let recorded = try await handle()
            try await note.write(recorded.answer.status, by: recorded.caller, key: recorded.key)
            return recorded.answer
        }
    }

    private func issue(_ request: Request, from address: IPAddress?) async throws -> IssuedToken {
        let body = try await request.bytes(upTo: Self.bodyLimit)
        return try await identity.issue(
            try KeystoneAuthRequest(json: Data(body.readableBytesView)), from: address,
            withCatalog: wantsCatalog(request))
    }

    private func check(_ request: Request) async throws -> Answer {
        let (session, subject) = try await session(request)
        let token = try await identity.check(subject: subject, by: session, withCatalog: wantsCatalog(request))
        return Answer(.ok, try token.json(), subject: subject)
    }

    private func revoke(_ request: Request) async throws -> Answer {
        let (session, subject) = try await session(request)
        try await identity.revoke(subject: subject, by: session)
        return Answer(.noContent, nil)
    }

    private func projects(_ request: Request, _ context: OpenContext, _ path: String) async throws -> Answer {
        let parameters = try RequestParameters(request, context.parameters)
        let caller = try await caller(of: request)
        let found = identity.projects(
            of: caller, named: try parameters.optional("name"), domain: try parameters.optional("domain_id"), path: path
        )
        return Answer(.ok, try found.json())
    }

    private func issueTemporaryKey(_ request: Request) async throws -> IssuedTemporaryKey {
        let header = request.headers[.xAuthToken]
        // A bad token is told of before a bad body: the body is anybody's.
        if let header { _ = try await identity.session(token: header) }
        let body = try await request.bytes(upTo: Self.bodyLimit)
        return try await identity.issueTemporaryKey(
            try TemporaryKeyRequest(json: Data(body.readableBytesView)), header: header)
    }

    /// Who asks, by a token of any scope or by a signature.
    private func caller(of request: Request) async throws -> Caller {
        let body = try await request.bytes(upTo: Self.bodyLimit)
        guard let caller = try await identity.caller(of: request, body: body, anyScope: true) else {
            throw AccessError(.unauthenticated, "Send a token in X-Auth-Token, or sign the request with an access key.")
        }
        return caller
    }

    /// The caller's own token and the token in question.
    private func session(_ request: Request) async throws -> (TokenSession, String) {
        guard let token = request.headers[.xAuthToken] else {
            throw AccessError(.unauthenticated, "Send your own token in X-Auth-Token.")
        }
        guard let subject = request.headers[.xSubjectToken] else {
            throw AccessError(.invalidRequest, "Send the token in question in X-Subject-Token.")
        }
        return (try await identity.session(token: token), subject)
    }

    private func wantsCatalog(_ request: Request) -> Bool {
        (request.uri.query ?? "").split(separator: "&").allSatisfy { $0 != "nocatalog" && !$0.hasPrefix("nocatalog=") }
    }

    /// Runs a handler; what it throws becomes Keystone's form of an error.
    private func answer(_ handler: () async throws -> Answer) async throws -> Response {
        do {
            let answer = try await handler()
            return response(answer)
        } catch let error as AccessError {
            let failure = KeystoneError(error)
            var response = response(Answer(.init(code: failure.status), try failure.json()))
            if let seconds = Problem(error).retryAfter { response.headers[.retryAfter] = String(seconds) }
            return response
        } catch is NIOTooManyBytesError {
            let failure = KeystoneError(
                AccessError(.invalidRequest, "The request body is larger than 64 KiB."), status: 413)
            return response(Answer(.contentTooLarge, try failure.json()))
        } catch let error as ProblemError {
            let failure = KeystoneError(AccessError(.invalidRequest, error.problem.message))
            return response(Answer(.badRequest, try failure.json()))
        }
    }

    private func response(_ answer: Answer) -> Response {
        var headers = HTTPFields()
        if let subject = answer.subject { headers[.xSubjectToken] = subject }
        guard let json = answer.json else { return Response(status: answer.status, headers: headers) }
        headers[.contentType] = "application/json"
        headers[.vary] = "X-Auth-Token"
        return Response(status: answer.status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json)))
    }
}
