// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model
import Synchronization

/// The service user's own token: got by password, kept in memory, renewed before its end or when it is refused. One sign-in at a
/// time, however many wait for it.
final class KeystoneSession: Sendable {
    enum Outcome: Sendable {
        case token(Secret)
        case failed(KeystoneFailure)
    }

    private struct State {
        var token: Secret?
        /// Unix time in seconds.
        var until: Int64 = 0
        /// No sign-in before this time: after one that was refused, since Keystone locks users after a few.
        var pause: (until: Int64, failure: KeystoneFailure)?
        /// When a refused token was last changed for another one.
        var replaced: Int64?
    }

    /// Seconds before its end from which a token is not used any more.
    private static let margin: Int64 = 60
    /// Seconds between two sign-ins, where the first was refused.
    private static let pause: Int64 = 10
    /// Seconds within which a new token that is refused as well is not replaced.
    private static let trust: Int64 = 5

    private let service: KeystoneService
    private let upstream: Upstream
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let flights = SingleFlight<Bool, Outcome>()

    init(_ service: KeystoneService, upstream: Upstream, now: @escaping @Sendable () -> Int64) {
        self.service = service
        self.upstream = upstream
        self.now = now
    }

    /// - Parameter refused: a token that the Keystone has just refused; it is not given again.
    func token(otherThan refused: Secret?) async -> Outcome {
        while true {
            if let known = known(otherThan: refused) { return known }
            let outcome = await flights.run(true) {
                // Somebody may have been faster, between the look and the claim.
                if let known = known(otherThan: refused) { return known }
                return await signIn(replacing: refused != nil)
            }
            if case .done(let result) = outcome { return result }
        }
    }

    private func known(otherThan refused: Secret?) -> Outcome? {
        let time = now()
        return state.withLock { state in
            if let token = state.token, time < state.until, token != refused { return .token(token) }
            if let pause = state.pause, time < pause.until { return .failed(pause.failure) }
            if refused != nil, refused == state.token, let replaced = state.replaced, time < replaced + Self.trust {
                return .failed(KeystoneFailure(.refusesServiceUser))
            }
            return nil
        }
    }

    private func signIn(replacing isReplacing: Bool) async -> Outcome {
        do throws(KeystoneFailure) {
            let (token, expires) = try await ask()
            let time = now()
            state.withLock { state in
                // A short life is used to its half at least.
                state = State(
                    token: token, until: expires - min(Self.margin, max(expires - time, 0) / 2), pause: nil,
                    replaced: isReplacing ? time : state.replaced)
            }
            return .token(token)
        } catch {
            if error.kind == .refusesServiceUser {
                let time = now()
                state.withLock { $0.pause = (time + Self.pause, error) }
            }
            return .failed(error)
        }
    }

    /// https://docs.openstack.org/api-ref/identity/v3/#password-authentication-with-scoped-authorization
    private func ask() async throws(KeystoneFailure) -> (token: Secret, expires: Int64) {
        var request = Upstream.Request(
            .post, service.address + "/auth/tokens?nocatalog=1",
            headers: [
                Upstream.Header("Accept", "application/json"), Upstream.Header("Content-Type", "application/json"),
            ],
            body: try body())
        request.limit = KeystoneClient.answerLimit
        let answer = try await send(request)
        switch answer.status {
        case 201: break
        case 401, 403: throw KeystoneFailure(.refusesServiceUser)
        default: throw Self.failure(of: answer)
        }
        guard let token = answer.header("X-Subject-Token"), !token.isEmpty else {
            throw KeystoneFailure(.nonsense("it signs the service user in and gives no token"))
        }
        return (Secret(token), try KeystoneAssertion(json: answer.body).expires / 1000)
    }

    private func send(_ request: Upstream.Request) async throws(KeystoneFailure) -> Upstream.Response {
        do throws(Upstream.Failure) {
            return try await upstream.send(request)
        } catch {
            throw KeystoneFailure(.unreachable(error))
        }
    }

    private func body() throws(KeystoneFailure) -> [UInt8] {
        do {
            return [UInt8](try JSONEncoder().encode(WireLogin(service.login)))
        } catch {
            throw KeystoneFailure(.refusesServiceUser)
        }
    }

    /// Of an answer that is none to a question about tokens.
    static func failure(of answer: Upstream.Response) -> KeystoneFailure {
        switch answer.status {
        case 429, 500...599:
            let seconds = answer.header("Retry-After").flatMap(Int.init).map { min(max($0, 1), 60) }
            return KeystoneFailure(.trouble(status: answer.status), retryAfter: seconds)
        case 300...399:
            return KeystoneFailure(.nonsense("it answers with a redirect, which is not followed"))
        default: return KeystoneFailure(.nonsense("it answers with status \(answer.status)"))
        }
    }
}

/// Its names are Keystone's.
private struct WireLogin: Encodable {
    struct Auth: Encodable {
        let identity: Identity
        let scope: Scope
    }

    struct Identity: Encodable {
        let methods = ["password"]
        let password: Password
    }

    struct Password: Encodable {
        let user: User
    }

    struct User: Encodable {
        let name: String
        let password: String
        let domain: Named
    }

    struct Scope: Encodable {
        let project: Project
    }

    struct Project: Encodable {
        let name: String
        let domain: Named
    }

    struct Named: Encodable {
        let name: String
    }

    let auth: Auth

    init(_ login: KeystoneService.Login) {
        let user = User(name: login.user, password: login.password.exposed, domain: Named(name: login.domain))
        auth = Auth(
            identity: Identity(password: Password(user: user)),
            scope: Scope(project: Project(name: login.project, domain: Named(name: login.projectDomain))))
    }
}
