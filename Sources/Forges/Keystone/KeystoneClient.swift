// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// Asks a Keystone about callers' tokens. A token goes to the Keystone's one address and nowhere else; redirects are not followed.
package struct KeystoneClient: Sendable {
    /// What a Keystone says of a token.
    package enum Finding: Sendable, Hashable {
        case good(KeystoneAssertion)
        /// It was good.
        case expired
        /// It is none, or was revoked.
        case unknown
        case failed(KeystoneFailure)
    }

    package let service: KeystoneService
    private let upstream: Upstream
    private let session: KeystoneSession

    /// How many bytes of an answer are read at most. A catalog of services, which is asked to be left out, would be the largest part.
    static let answerLimit = 1 << 20

    /// - Parameter now: Unix time in seconds.
    package init(_ service: KeystoneService, upstream: Upstream, now: @escaping @Sendable () -> Int64) {
        self.service = service
        self.upstream = upstream
        session = KeystoneSession(service, upstream: upstream, now: now)
    }

    /// Asks about a token. With a service user's token that is refused, one tries again with a new one.
    package func look(at token: Secret) async -> Finding {
        var refused: Secret?
        for _ in 0..<2 {
            switch await session.token(otherThan: refused) {
            case .failed(let failure): return .failed(failure)
            case .token(let own):
                let answer = await ask(about: token, with: own, evenExpired: false)
                switch answer {
                case .good(let assertion): return .good(assertion)
                case .failed(let failure): return .failed(failure)
                case .unknown:
                    // What is over is unknown to Keystone too, unless one asks for it. The second answer lets nobody in.
                    if case .good = await ask(about: token, with: own, evenExpired: true) { return .expired }
                    return .unknown
                case .refused: refused = own
                }
            }
        }
        return .failed(KeystoneFailure(.refusesServiceUser))
    }

    /// Whether the Keystone can be reached and takes the service user. It is asked about the user's own token.
    /// - Throws: ``KeystoneFailure``.
    package func check() async throws(KeystoneFailure) {
        switch await session.token(otherThan: nil) {
        case .failed(let failure): throw failure
        case .token(let own):
            switch await ask(about: own, with: own, evenExpired: false) {
            case .good: return
            case .failed(let failure): throw failure
            case .unknown, .refused:
                throw KeystoneFailure(.nonsense("it does not know the token that it has just given"))
            }
        }
    }

    private enum Answer {
        case good(KeystoneAssertion)
        case unknown
        /// The token with which was asked.
        case refused
        case failed(KeystoneFailure)
    }

    /// https://docs.openstack.org/api-ref/identity/v3/#validate-and-show-information-for-token
    private func ask(about token: Secret, with own: Secret, evenExpired: Bool) async -> Answer {
        var request = Upstream.Request(
            .get, service.address + "/auth/tokens?nocatalog=1" + (evenExpired ? "&allow_expired=1" : ""),
            headers: [
                Upstream.Header("Accept", "application/json"), Upstream.Header("X-Auth-Token", own.exposed),
                Upstream.Header("X-Subject-Token", token.exposed),
            ])
        request.limit = Self.answerLimit
        do throws(Upstream.Failure) {
            return Self.read(try await upstream.send(request))
        } catch {
            return .failed(KeystoneFailure(.unreachable(error)))
        }
    }

    private static func read(_ answer: Upstream.Response) -> Answer {
        switch answer.status {
        case 200:
            do throws(KeystoneFailure) {
                return .good(try KeystoneAssertion(json: answer.body))
            } catch {
                return .failed(error)
            }
        // What is no token to it, or more than it reads of one.
        case 400, 404, 413, 414, 431: return .unknown
        case 401: return .refused
        case 403: return .failed(KeystoneFailure(.forbidsServiceUser))
        default: return .failed(KeystoneSession.failure(of: answer))
        }
    }
}
