// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
package import Logging
package import Model
package import Storage
import Synchronization

/// Ends tokens at their forges that are no longer kept here, as far as a forge lets us, in the background: what was deleted here is
/// deleted, whatever the forge says and however long it takes.
///
/// A revocation is tried once, for ``limit``. It is not repeated after a restart: to remember it, the tokens would have to be kept.
package final class TokenRevoker: Sendable {
    /// Tokens that are not kept any more.
    package struct Job: Sendable {
        let forge: ForgeID
        let host: String
        /// The user's login at the forge; nil where nobody knows whose the tokens are.
        let user: String?
        let site: String?
        let tokens: OAuthTokens
        let reach: OAuthFlow.Reach
        /// The authorization's id, for the log; nil where none was made.
        let authorization: String?

        /// nil where the credential is none of OAuth: tokens and passwords that a user has made are the user's own.
        package init?(_ authorization: Authorization, _ credential: Credential?, _ reach: OAuthFlow.Reach) {
            guard case .oauth(let tokens) = credential else { return nil }
            forge = authorization.forge
            host = authorization.host
            user = authorization.user
            site = authorization.site
            self.tokens = tokens
            self.reach = reach
            self.authorization = authorization.id
        }

        /// Tokens of a visit that came to nothing.
        init(_ tokens: OAuthTokens, host: ForgeHost, site: String?) {
            forge = host.forge
            self.host = host.shown
            user = nil
            self.site = site
            self.tokens = tokens
            reach = .tokens
            authorization = nil
        }
    }

    private let vault: Vault
    private let sites: OAuthSites
    private let upstream: Upstream
    private let logger: Logger
    private let limit: Duration
    private let clock: WallClock
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    /// Until when jobs are begun; nil until ``stop()``.
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// How many wait at most. One more is not revoked: memory is not a forge's to fill.
    package static let capacity = 1000
    private static let together = 8

    /// - Parameter limit: for one revocation.
    package init(
        vault: Vault, sites: OAuthSites, upstream: Upstream, logger: Logger, limit: Duration = .seconds(5),
        clock: WallClock = .system
    ) {
        self.vault = vault
        self.sites = sites
        self.upstream = upstream
        self.logger = logger
        self.limit = limit
        self.clock = clock
        (jobs, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
    }

    /// Hands tokens over, and returns at once.
    package func submit(_ job: Job?) {
        guard let job else { return }
        switch queue.yield(job) {
        case .enqueued: break
        case .dropped: drop(job, "too many wait")
        default: drop(job, "the service is stopping")
        }
    }

    /// Works until ``stop()``, and then for ``limit`` on what waits; what has begun is finished within ``limit``.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await job in jobs {
                if running >= Self.together {
                    await group.next()
                    running -= 1
                }
                if end.withLock({ $0.map { $0 < .now } ?? false }) {
                    drop(job, "the service is stopping")
                    continue
                }
                group.addTask { _ = await self.work(job) }
                running += 1
            }
        }
    }

    /// Ends ``run()``. What is handed over later is not revoked.
    package func stop() {
        end.withLock { $0 = .now + limit }
        queue.finish()
    }

    /// Revokes several, one after another, without ``run()``: for the command line. A host that fails once is not asked again.
    /// - Parameter progress: called after each, with how many are done.
    /// - Returns: how many may still be good at their forges.
    package func revoke(_ jobs: [Job], progress: (Int) -> Void) async -> Int {
        var silent: Set<String> = []
        var left = 0
        for (index, job) in jobs.enumerated() {
            if silent.contains(job.host) {
                drop(job, "its forge has just failed")
                left += 1
            } else {
                let ending = await work(job)
                if ending == .failed { silent.insert(job.host) }
                if ending != .settled { left += 1 }
            }
            progress(index + 1)
        }
        return left
    }

    private enum Ending: Sendable {
        case revocation(OAuthFlow.Revocation)
        case failed(ForgeError)
        case tooLate
    }

    private enum Work: Sendable {
        /// The forge has done it, or has no call for it.
        case settled
        /// There is no application to ask with.
        case impossible
        case failed
    }

    private func work(_ job: Job) async -> Work {
        let application: OAuthApplication
        do {
            application = try sites.application(job.forge, site: job.site)
        } catch {
            drop(job, "its OAuth application is not configured any more")
            return .impossible
        }
        // The tokens of one host are no business of another.
        guard application.host.shown == job.host else {
            drop(job, "its OAuth application is another host's by now")
            return .impossible
        }
        let flow = OAuthFlow(application, upstream: upstream, now: { [clock] in clock.seconds })
        let reach = await reach(of: job, application)
        switch await ending(of: job, flow, reach) {
        case .revocation(.done):
            logger.info("tokens revoked", metadata: metadata(job, ["reach": "\(reach.rawValue)"]))
        case .revocation(.alreadyDead):
            logger.info("tokens to revoke were dead", metadata: metadata(job))
        case .revocation(.notOffered):
            logger.debug("tokens not revoked", metadata: metadata(job, ["reason": "the forge has no call for it"]))
        case .failed(let error):
            drop(job, error.message)
            return .failed
        case .tooLate:
            drop(job, "the forge did not answer in time")
            return .failed
        }
        return .settled
    }

    /// The grant is what all tokens of a user and application hang on: it ends only with the last authorization that has any.
    private func reach(of job: Job, _ application: OAuthApplication) async -> OAuthFlow.Reach {
        guard job.reach == .grant, let user = job.user else { return .tokens }
        do {
            let others = try await vault.sitesWithOAuth(of: job.forge, host: job.host, user: user)
            return others.contains { sites.mayBe(application, site: $0) } ? .tokens : .grant
        } catch {
            return .tokens
        }
    }

    private func ending(of job: Job, _ flow: OAuthFlow, _ reach: OAuthFlow.Reach) async -> Ending {
        await withTaskGroup(of: Ending.self) { group in
            group.addTask { await Self.revocation(of: job, flow, reach) }
            group.addTask { [limit] in
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    // The other one is done.
                }
                return .tooLate
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .tooLate
        }
    }

    private static func revocation(of job: Job, _ flow: OAuthFlow, _ reach: OAuthFlow.Reach) async -> Ending {
        do throws(ForgeError) {
            return .revocation(try await flow.revoke(job.tokens, reach))
        } catch {
            return .failed(error)
        }
    }

    private func drop(_ job: Job, _ reason: String) {
        logger.warning("tokens not revoked", metadata: metadata(job, ["reason": "\(reason)"]))
    }

    private func metadata(_ job: Job, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var fields: Logger.Metadata = ["forge": "\(job.forge.rawValue)"]
        if let id = job.authorization { fields["authorization"] = "\(id)" }
        return fields.merging(more) { $1 }
    }
}
