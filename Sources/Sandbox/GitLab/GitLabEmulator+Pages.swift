// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Everything outside the API: the pages that a person sees, and the endpoints that applications call.
/// https://docs.gitlab.com/api/oauth2/#authorization-code-flow
extension GitLabEmulator {
    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store, forgeName: "GitLab", authorizePath: "/oauth/authorize",
            signInPath: "/users/sign_in", sessionPath: "/users/sign_in", cookieName: "_gitlab_session",
            userField: "user[login]", passwordField: "user[password]", defaultScopes: ["api"],
            grantedScopes: { asked, application in
                asked.allSatisfy(application.scopes.contains) ? asked : nil
            },
            requiresResponseType: true)
    }

    func respondToPage(_ request: ForgeRequest) async -> ForgeAnswer {
        let route = "\(request.method.rawValue) /\(request.segments.joined(separator: "/"))"
        let response: Response
        switch route {
        case "POST /oauth/token": response = await answer { try await token(request) }
        case "POST /oauth/revoke": response = await answer { try await revoke(request) }
        case "GET /oauth/token/info": response = tokenInfo(request)
        case "GET /oauth/authorize": response = pages.authorize(request)
        case "POST /oauth/authorize": response = await answer { try await pages.decide(request) }
        case "GET /users/sign_in": response = pages.signInPage(request)
        case "POST /users/sign_in": response = await answer { try await pages.signIn(request) }
        default:
            let page = HTMLPage(title: "404: Page not found", paragraphs: ["Make sure the address is correct."])
            return ForgeAnswer(page.response(.notFound), route: "none")
        }
        return ForgeAnswer(response, route: route)
    }
}
