// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model
import Mustache

/// `/oauth/callback`, where a forge sends its user back to.
///
/// The page says who asked for the access before anything is made of it: an address that somebody else has sent must not hand
/// that somebody the visitor's repositories unseen. Whoever calls the API can take code and state from the page instead.
struct OAuthCallback: Sendable {
    private let broker: Broker
    private let template: MustacheTemplate

    /// - Throws: when the page's template is broken; a test reads it.
    init(_ broker: Broker) throws {
        self.broker = broker
        template = try MustacheTemplate(string: String(decoding: PackageResources.callback_mustache, as: UTF8.self))
    }

    func add(to router: Router<OpenContext>) {
        router.get("/oauth/callback") { request, context in
            try await page {
                let (status, page) = try await show(RequestParameters(request, context.parameters))
                return render(status, page)
            }
        }
        router.post("/oauth/callback") { request, context in
            let note = AuditNote(
                "OAuthCallback", broker.audit, requestID: context.requestID, source: context.source)
            // For whoever asked for the visit. A state that is not good is nobody's.
            return try await page {
                try await note.recording(isChange: true, by: { note.trace.caller }) {
                    let (status, page) = try await complete(request, note.trace)
                    return render(status, page)
                }
            }
        }
    }

    /// What the page shows. All of it is escaped by the template.
    struct Page {
        var title: String
        var text: String
        /// What was wrong with the form that was sent.
        var notice = ""
        var form: Form?

        struct Form {
            var name: String
            var code: String
            var state: String
            /// Whether the name is settled: then it is not asked for.
            var isRenewal: Bool
            /// What a caller of the API uses instead of the form. Stored, since the template sees what is stored.
            let operation: String

            init(name: String, code: String, state: String, isRenewal: Bool) {
                self.name = name
                self.code = code
                self.state = state
                self.isRenewal = isRenewal
                operation = isRenewal ? "UpdateOAuth" : "CreateOAuth"
            }
        }
    }

    private func show(_ parameters: RequestParameters) async throws -> (HTTPResponse.Status, Page) {
        if let error = try parameters.optional("error") {
            let reason =
                error == "access_denied" ? "You have refused the access." : "The forge did not give the access."
            return (
                .badRequest,
                Page(title: "No authorization was made", text: reason + " Ask for a new address to try again.")
            )
        }
        let code = try parameters.required("code")
        let state = try parameters.required("state")
        guard let pending = try await broker.pending(Secret(state)) else {
            return (.badRequest, Self.stale)
        }
        return (
            .ok,
            Self.question(
                of: pending,
                .init(name: pending.name?.text ?? "", code: code, state: state, isRenewal: pending.isRenewal))
        )
    }

    private static func question(of pending: Broker.PendingOAuth, _ form: Page.Form, notice: String = "") -> Page {
        if pending.isRenewal {
            return Page(
                title:
                    "Let \(pending.tenant) use your \(pending.forge.displayName) account for \(form.name)?",
                text:
                    "\(pending.requester) of \(pending.tenant) has asked to renew the authorization \(form.name) with access to your account at \(pending.host). Go on only if you know them. What the authorization has now is replaced.",
                notice: notice, form: form)
        }
        return Page(
            title: "Let \(pending.tenant) use your \(pending.forge.displayName) account?",
            text:
                "\(pending.requester) of \(pending.tenant) has asked for access to your account at \(pending.host). Go on only if you know them. The authorization needs a name.",
            notice: notice, form: form)
    }

    private func complete(_ request: Request, _ trace: AuditTrace) async throws -> (HTTPResponse.Status, Page) {
        let body = try await request.bytes(upTo: 64 << 10)
        let form = try Self.form(String(buffer: body))
        guard let code = form["code"], let state = form["state"], let name = form["name"] else {
            throw ProblemError.invalid("The form is not complete.")
        }
        // Gone once it has been used.
        let isRenewal = try await broker.pending(Secret(state))?.isRenewal ?? false
        let authorization: Authorization
        switch try await made(name, code: Secret(code), state: Secret(state), trace) {
        case .success(let done): authorization = done
        case .failure(let error):
            // A name that is taken or against the rule: the visit is still good.
            guard let pending = try await broker.pending(Secret(state)) else { throw error }
            return (
                .badRequest,
                Self.question(
                    of: pending,
                    .init(
                        name: pending.isRenewal ? pending.name?.text ?? "" : name, code: code, state: state,
                        isRenewal: pending.isRenewal),
                    notice: error.message)
            )
        }
        return (
            .ok,
            Page(
                title: "Done",
                text:
                    "The authorization \(authorization.name) for \(authorization.user) at \(authorization.forge.displayName) is \(isRenewal ? "renewed" : "made"). You can close this page."
            )
        )
    }

    /// A refusal of the name is a result; everything else is thrown.
    private func made(
        _ name: String, code: Secret, state: Secret, _ trace: AuditTrace
    ) async throws -> Result<Authorization, AccessError> {
        do {
            return .success(try await broker.authorize(name, code: code, state: state, trace: trace))
        } catch let error as AccessError where [.alreadyExists, .invalidRequest].contains(error.code) {
            return .failure(error)
        }
    }

    /// Runs a step; an error becomes a page too.
    private func page(_ step: () async throws -> Response) async throws -> Response {
        do {
            return try await step()
        } catch {
            let problem = Problem(error)
            guard !problem.isFault else { throw error }
            return render(problem.status, Page(title: "No authorization was made", text: problem.message))
        }
    }

    private func render(_ status: HTTPResponse.Status, _ page: Page) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: template.render(page))))
    }

    /// `application/x-www-form-urlencoded`; the last of several members of one name counts.
    private static func form(_ text: String) throws -> [String: String] {
        var members: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.replacing("+", with: " ").split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Percent.decode(parts[0]), let value = Percent.decode(parts.count == 2 ? parts[1] : "")
            else {
                throw ProblemError.invalid("The form is not valid percent-encoded UTF-8.")
            }
            members[name] = value
        }
        return members
    }

    private static let stale = Page(
        title: "This address is not good any more",
        text: "It can be used once, within ten minutes. Ask for a new one and try again.")
}
