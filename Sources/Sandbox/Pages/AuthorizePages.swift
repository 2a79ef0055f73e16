// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// What an application asks for at the authorize page.
/// https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
struct AuthorizationRequest: Sendable, Hashable {
    let application: OAuthApplication
    let redirectURI: String
    let scopes: [String]
    let state: String?
    let challenge: String?
    let challengeMethod: PKCEMethod
}

/// The pages on which a person signs in and lets an application in, as far as the forges agree about them.
///
/// A browser without a session is sent to the sign-in page and comes back; then the consent page stands there, whose
/// first form allows and whose second refuses. No page has a script.
struct AuthorizePages: Sendable {
    let store: AccountStore
    /// As its company spells it.
    let forgeName: String
    /// The path of the authorize page, on which the consent form is posted as well.
    let authorizePath: String
    /// The page with the sign-in form.
    let signInPath: String
    /// Where that form is posted.
    let sessionPath: String
    let cookieName: String
    /// The names of the sign-in form's fields.
    let userField: String
    let passwordField: String
    /// The scopes of a request that names none.
    let defaultScopes: [String]
    /// The scopes that are granted for those asked for; nil refuses with `invalid_scope`.
    let grantedScopes: @Sendable ([String], OAuthApplication) -> [String]?
    /// Whether `response_type=code` must be there.
    let requiresResponseType: Bool

    /// `GET` on the authorize page.
    func authorize(_ request: ForgeRequest) -> Response {
        let checked: AuthorizationRequest
        switch check(request.query) {
        case .failure(let refusal): return refusal.response
        case .success(let value): checked = value
        }
        guard let session = session(of: request), let userID = session.userID else {
            let back = FormFields([("return_to", authorizePath + "?" + request.rawQuery)])
            return .redirection(to: signInPath + "?" + back.encoded)
        }
        let hidden = [HTMLPage.Field(name: "authenticity_token", type: "hidden", value: session.formToken.text)]
        let action = authorizePath + "?" + request.rawQuery
        let login = store.read { $0.user(id: userID)?.login ?? "" }
        return HTMLPage(
            title: "Authorize \(checked.application.name)",
            paragraphs: ["\(checked.application.name) wants to act for \(login) at this emulated \(forgeName) with:"],
            items: checked.scopes.isEmpty ? ["public information only"] : checked.scopes,
            forms: [
                HTMLPage.Form(
                    action: action, fields: hidden + [HTMLPage.Field(name: "authorize", type: "hidden", value: "1")],
                    button: "Authorize"),
                HTMLPage.Form(
                    action: action, fields: hidden + [HTMLPage.Field(name: "authorize", type: "hidden", value: "0")],
                    button: "Cancel"),
            ]
        ).response()
    }

    /// `POST` on the authorize page: the consent form.
    func decide(_ request: ForgeRequest) async throws -> Response {
        let checked: AuthorizationRequest
        switch check(request.query) {
        case .failure(let refusal): return refusal.response
        case .success(let value): checked = value
        }
        let form = try await request.form()
        guard let session = session(of: request), let userID = session.userID,
            form["authenticity_token"] == session.formToken.text
        else { return problem("Your session has ended. Open the application's link once more.", .forbidden) }
        guard form["authorize"] == "1" else {
            return refuse(checked, "access_denied", "The user has denied your application access.")
        }
        let code = store.issueCode(
            for: checked.application, user: userID, redirectURI: checked.redirectURI, scopes: checked.scopes,
            challenge: checked.challenge, challengeMethod: checked.challengeMethod)
        return redirect(checked.redirectURI, checked.state, [("code", code)])
    }

    /// `GET` on the sign-in page.
    func signInPage(_ request: ForgeRequest) -> Response {
        signInPage(request, returnTo: request.query["return_to"], problem: nil)
    }

    /// `POST` of the sign-in form.
    func signIn(_ request: ForgeRequest) async throws -> Response {
        let form = try await request.form()
        let returnTo = form["return_to"]
        guard let session = session(of: request), form["authenticity_token"] == session.formToken.text else {
            return signInPage(request, returnTo: returnTo, problem: "Your session has ended. Please sign in again.")
        }
        guard let opened = store.signIn(session, user: form[userField] ?? "", password: form[passwordField] ?? "")
        else { return signInPage(request, returnTo: returnTo, problem: "Incorrect username or password.") }
        // Anything else would let a link send a signed-in browser wherever it likes.
        let isOurs = returnTo?.hasPrefix(authorizePath + "?") ?? false
        return .redirection(to: isOurs ? returnTo ?? "/" : "/").settingCookie(cookieName, opened.id.text)
    }

    private func signInPage(_ request: ForgeRequest, returnTo: String?, problem: String?) -> Response {
        let known = session(of: request)
        let session = known ?? store.openSession()
        let page = HTMLPage(
            title: "Sign in to \(forgeName)",
            paragraphs: [problem, "This is an emulated \(forgeName) on your own machine."].compactMap(\.self),
            forms: [
                HTMLPage.Form(
                    action: sessionPath,
                    fields: [
                        HTMLPage.Field(name: "authenticity_token", type: "hidden", value: session.formToken.text),
                        HTMLPage.Field(name: "return_to", type: "hidden", value: returnTo ?? ""),
                        HTMLPage.Field(name: userField, label: "Username or email", type: "text"),
                        HTMLPage.Field(name: passwordField, label: "Password", type: "password"),
                    ],
                    button: "Sign in")
            ]
        ).response()
        return known == nil ? page.settingCookie(cookieName, session.id.text) : page
    }

    private func session(of request: ForgeRequest) -> SignInSession? {
        request.cookie(cookieName).flatMap { store.session($0) }
    }
}
