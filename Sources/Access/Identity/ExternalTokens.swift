// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import FoundationEssentials
import Metrics
import Model
package import Storage
import Synchronization

/// Who bears a token of an external Keystone.
///
/// What the Keystone says is known for a while, in memory, under a digest of the token; of many requests with one token that is not
/// known one asks. Where the Keystone cannot be asked, nobody gets in who is not known.
package final class ExternalTokens: Sendable {
    package struct Settings: Sendable {
        /// How long a good token is taken without asking again, in seconds: so long a revoked one may still work.
        package var memory: Int
        /// How long a bad token is refused without asking, in seconds.
        package var negativeMemory: Int
        /// How many tokens of each kind are known at most.
        package var capacity: Int
        /// How many tokens may be asked about at one time.
        package var questions: Int

        package init(memory: Int = 60, negativeMemory: Int = 10, capacity: Int = 10_000, questions: Int = 256) {
            self.memory = memory
            self.negativeMemory = negativeMemory
            self.capacity = capacity
            self.questions = questions
        }
    }

    private struct Known: Sendable {
        let caller: Caller
        /// Unix time in milliseconds.
        let expires: Int64
    }

    private enum Verdict: Sendable {
        case good(Known)
        case refused(AccessError)
    }

    private struct State {
        var good: ExpiringCache<Data, Known>
        /// By itself: a flood of bad tokens shall not drive out the good ones.
        var refused: ExpiringCache<Data, AccessError>
    }

    /// The address of the Keystone's API, `https://keystone.example.org:5000/v3`.
    package var address: String { client.service.address }

    private let client: KeystoneClient
    private let store: SQLiteStore
    private let settings: Settings
    private let clock: WallClock
    /// For what must not change when somebody sets the machine's clock.
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>
    private let flights: SingleFlight<Data, Verdict>

    package init(
        _ client: KeystoneClient, store: SQLiteStore, settings: Settings = Settings(), clock: WallClock = .system,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.client = client
        self.store = store
        self.settings = settings
        self.clock = clock
        self.now = now
        state = Mutex(
            State(good: .init(capacity: settings.capacity), refused: .init(capacity: settings.capacity)))
        flights = SingleFlight(limit: settings.questions)
    }

    /// How many tokens are known, good and bad ones.
    var count: Int { state.withLock { $0.good.count + $0.refused.count } }

    /// Who bears a token that is scoped to a project.
    /// - Throws: ``AccessError/Code/unauthenticated``, ``AccessError/Code/tokenExpired``, ``AccessError/Code/forbidden`` for a
    ///   token of another scope or a project that can be no tenant, ``AccessError/Code/tooManyAttempts``,
    ///   ``AccessError/Code/identityUnavailable`` where the Keystone cannot be asked, ``AccessError/Code/unavailable``.
    func caller(token: String) async throws(AccessError) -> Caller {
        guard Self.canBeToken(token) else { throw unknown }
        let digest = Data(digestOf: token)
        while true {
            switch await flight(token, digest) {
            case .done(.good(let known)):
                guard clock.milliseconds < known.expires else { throw expired }
                return known.caller
            case .done(.refused(let error)): throw error
            case .full:
                throw AccessError(
                    .tooManyAttempts, "Too many tokens wait to be checked. Try again in a few seconds.")
            case .abandoned: continue
            }
        }
    }

    private func flight(_ token: String, _ digest: Data) async -> SingleFlight<Data, Verdict>.Outcome {
        if let known = known(digest) { return .done(known) }
        return await flights.run(digest) {
            // Somebody may have been faster, between the look and the claim.
            if let known = known(digest) { return known }
            return await ask(Secret(token), digest)
        }
    }

    private func known(_ digest: Data) -> Verdict? {
        let now = now()
        return state.withLock { state in
            if let known = state.good.value(of: digest, now: now) { return .good(known) }
            return state.refused.value(of: digest, now: now).map { .refused($0) }
        }
    }

    /// What cannot stand in a header, or is one of Gatehouse's own, is no token of a Keystone and is not sent there.
    private static func canBeToken(_ token: String) -> Bool {
        (1...32_768).contains(token.utf8.count) && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && !token.hasPrefix(Identity.tokenPrefix)
    }

    private func ask(_ token: Secret, _ digest: Data) async -> Verdict {
        // From the beginning of the question: what is revoked while it is under way must not be good for longer.
        let start = now()
        switch await client.look(at: token) {
        case .good(let assertion):
            guard clock.milliseconds < assertion.expires else { return refuse(expired, digest, start) }
            return await admit(assertion, digest, start)
        case .expired: return refuse(expired, digest, start)
        case .unknown: return refuse(unknown, digest, start)
        case .failed(let failure):
            Self.count("failed")
            return .refused(
                AccessError(
                    .identityUnavailable,
                    "The identity service that knows the tokens cannot be asked right now. Try again in a few seconds.",
                    cause: "\(failure)", retryAfter: failure.retryAfter))
        }
    }

    private func admit(
        _ assertion: KeystoneAssertion, _ digest: Data, _ start: ContinuousClock.Instant
    ) async -> Verdict {
        do throws(AccessError) {
            let member = try member(assertion)
            try await remember(member)
            let known = Known(
                caller: Caller(user: member.user, tenant: member.tenant, roles: assertion.roles),
                expires: assertion.expires)
            let (until, now) = (start + .seconds(settings.memory), now())
            state.withLock { $0.good.put(known, for: digest, until: until, now: now) }
            Self.count("good")
            return .good(known)
        } catch {
            return error.code == .forbidden ? refuse(error, digest, start) : .refused(error)
        }
    }

    private func refuse(_ error: AccessError, _ digest: Data, _ start: ContinuousClock.Instant) -> Verdict {
        let (until, now) = (start + .seconds(settings.negativeMemory), now())
        state.withLock { $0.refused.put(error, for: digest, until: until, now: now) }
        Self.count("refused")
        return .refused(error)
    }

    private static func count(_ result: String) {
        Counter(label: "gatehouse_keystone_questions_total", dimensions: [("result", result)]).increment()
    }

    /// The tenant and the user that a token stands for here.
    private func member(_ assertion: KeystoneAssertion) throws(AccessError) -> ExternalMember {
        guard let project = assertion.project else {
            throw AccessError(
                .forbidden, "The token is not scoped to a project. Get one with auth.scope.project at \(address).")
        }
        guard let id = TenantID(project.id) else {
            throw AccessError(
                .forbidden,
                "The id of the token's project is not one of 32 lower-case hexadecimal digits, so that it cannot be a project here. Use another project."
            )
        }
        guard (1...64).contains(project.domainID.utf8.count), Self.isUserID(assertion.userID) else {
            throw AccessError(
                .forbidden, "The id of the token's user or domain has a form that is not known here. Ask the operator.")
        }
        let created = clock.milliseconds
        let tenant = Tenant(
            id: id, domain: project.domainID, name: project.name, created: created, externalDomain: project.domainName)
        return ExternalMember(
            tenant: tenant,
            user: User(
                id: assertion.userID, tenant: id, name: assertion.userName, created: created, roles: assertion.roles),
            hasAllRoles: !assertion.isDelegated)
    }

    private static func isUserID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private func remember(_ member: ExternalMember) async throws(AccessError) {
        do throws(StoreError) {
            try await store.remember(member)
        } catch  where error.code == .alreadyExists {
            throw AccessError(
                .forbidden,
                "The token's project has the id of a tenant that was made at this Gatehouse, and is not it. Ask the operator.",
                cause: "\(error)")
        } catch {
            throw AccessError(error)
        }
    }

    private var unknown: AccessError {
        AccessError(
            .unauthenticated,
            "Incorrect IAM authentication information: the X-Auth-Token is not known. Get one at \(address).")
    }

    private var expired: AccessError {
        AccessError(.tokenExpired, "The token must be updated: it has expired. Get a new one at \(address).")
    }
}
