// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging

/// An emulated CodeArts Repo with the IAM that gives its tokens, both at one address, and git over HTTP.
///
/// No exchange of the forge's own server is public. This follows the field lists and ranges of Huawei's pages; what they
/// leave open is as in GitLab, from which the software comes, and is said so where it stands.
/// https://support.huaweicloud.com/intl/en-us/api-codeartsrepo/codeartsrepo_05_0010.html
struct CodeArtsEmulator: ForgeEmulator {
    let backend: ForgeBackend

    /// The name of the tokens that IAM has given, and what they are good for.
    static let tokenName = "iam"

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        if let operation = GitSmartHTTP.operation(of: request) {
            let response = await answer { try await git(operation, request) }
            return ForgeAnswer(response, route: operation.isWriting ? "git push" : "git fetch")
        }
        if request.segments == ["v3", "auth", "tokens"] {
            let response = await answer { try await token(request) }
            return ForgeAnswer(response, route: "\(request.method.rawValue) /v3/auth/tokens")
        }
        switch Self.routes.match(request.method, request.segments) {
        case .found(let handler, let parameters, let pattern):
            let response = await answer {
                let user = try identify(request)
                let call = CodeArtsCall(
                    backend: backend, request: request, path: parameters, user: user, state: backend.store.read { $0 })
                return try await handler(self, call)
            }
            return ForgeAnswer(Self.finished(response), route: pattern)
        case .otherMethod:
            let refusal = CodeArtsRefusal(status: 405, code: "APIGW.0101", message: "The API does not exist.")
            return ForgeAnswer(Self.finished(refusal.response), route: "none")
        case .none:
            let refusal = CodeArtsRefusal(status: 404, code: "APIGW.0101", message: "The API does not exist.")
            return ForgeAnswer(Self.finished(refusal.response), route: "none")
        }
    }

    /// Whose token it is. Only those that IAM has given count: a token for git is none for the API.
    private func identify(_ request: ForgeRequest) throws(CodeArtsRefusal) -> SandboxUser {
        guard let token = request.headers[Self.authToken], !token.isEmpty else { throw .noToken }
        do throws(TokenRefusal) {
            let identity = try backend.store.identify(token)
            if identity.scopes.contains(Self.tokenName) { return identity.user }
        } catch {
            if error == .expired { throw .expiredToken }
        }
        throw .unknownToken
    }

    /// Turns everything that can go wrong into the forge's own answer.
    private func answer(_ work: () async throws -> Response) async -> Response {
        do {
            return try await work()
        } catch let refusal as CodeArtsRefusal {
            return refusal.response
        } catch GitError.invalidName {
            return CodeArtsRefusal.bad("名称不合法").response
        } catch BodyProblem.tooLarge {
            return CodeArtsRefusal(status: 413, code: "APIGW.0201", message: "Request entity too large").response
        } catch BodyProblem.notJSON {
            return CodeArtsRefusal.bad("请求体不是合法的JSON").response
        } catch {
            backend.options.logger.error("The emulated CodeArts Repo failed", metadata: ["error": "\(error)"])
            return CodeArtsRefusal(status: 500, code: "CH.10000", message: "系统繁忙").response
        }
    }

    private static func finished(_ response: Response) -> Response {
        var response = response
        response.headers[requestID] = RandomText.hexadecimal(32)
        return response
    }

    static let authToken = field("X-Auth-Token")
    static let subjectToken = field("X-Subject-Token")
    static let total = field("X-Total")
    private static let requestID = field("X-Request-Id")

    /// A header by its name, which must be one.
    private static func field(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .vary
    }
}
