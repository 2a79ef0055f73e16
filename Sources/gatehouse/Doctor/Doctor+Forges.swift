// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Storage

/// The forges that are configured: whether they can be reached, what their clocks say, and whether they take the OAuth
/// applications.
extension Doctor {
    /// What came of one question to a forge.
    private struct Answer: Sendable {
        let order: Int
        let finding: Finding
        /// How many seconds this machine's clock is ahead of the host's.
        var ahead: Int64?
        var host = ""
    }

    func examineForges() async {
        let hosts = configuration.configuredHosts
        guard !hosts.isEmpty else {
            tell(.good("forges", "none is configured; callers may name public hosts"))
            tell(.warning("clock", "could not be compared with any forge's. See that it is set by NTP."))
            return
        }
        FileHandle.standardError.write(
            Data(
                "Asking \(counted(hosts.count, "host")) and \(counted(configuration.applications.count, "OAuth application")); this may take half a minute.\n"
                    .utf8))
        var limits = configuration.limits
        limits.timeout = min(limits.timeout, 10)
        limits.connectTimeout = min(limits.connectTimeout, 5)
        let connections = UpstreamConnections(limits: limits)
        let upstream = connections.upstream(policy: configuration.networkPolicy, identities: configuration.identities)
        let applications = configuration.applications
        let answers = await withTaskGroup(of: Answer.self) { group in
            for (index, host) in hosts.enumerated() {
                group.addTask { await Self.reach(host, over: upstream, order: index) }
            }
            for (index, application) in applications.enumerated() {
                group.addTask { await Self.check(application, over: upstream, order: hosts.count + index) }
            }
            var answers: [Answer] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.order < $1.order }
        }
        tell(answers.map(\.finding))
        let nearest = answers.filter { $0.ahead != nil }.min { abs($0.ahead ?? 0) < abs($1.ahead ?? 0) }
        tell(Self.clock(ahead: nearest?.ahead, of: nearest?.host ?? ""))
        do {
            try await connections.shutdown()
        } catch {
            tell(.warning("forges", "The connections could not be closed."))
        }
    }

    /// - Parameter ahead: seconds; nil where no forge has told its time.
    static func clock(ahead: Int64?, of host: String) -> Finding {
        guard let ahead else {
            return .warning("clock", "could not be compared with any forge's. See that it is set by NTP.")
        }
        let distance = abs(ahead)
        let text =
            "this machine's clock is \(distance) second\(distance == 1 ? "" : "s") \(ahead < 0 ? "behind" : "ahead of") \(host)'s"
        switch distance {
        case 0...60: return .good("clock", text)
        case 61...900:
            return .warning(
                "clock",
                text + ". Set it by NTP: at 15 minutes signed requests are refused, and tokens are renewed too late.")
        default:
            return .bad("clock", text + ". Set it by NTP: signed requests are refused.")
        }
    }

    private static func reach(_ host: ForgeHost, over upstream: Upstream, order: Int) async -> Answer {
        let about = host.forge.rawValue
        do {
            let look = try await host.look(over: upstream)
            let finding: Finding =
                look.status < 500
                ? .good(about, "\(host.api) answers")
                : .warning(
                    about,
                    "\(host.api) answers with status \(look.status): it has trouble of its own. Look again later.")
            return Answer(
                order: order, finding: finding, ahead: look.date.map { WallClock.system.seconds - $0 }, host: host.api)
        } catch {
            return Answer(order: order, finding: .bad(about, "\(host.api): \(error.message)"))
        }
    }

    private static func check(_ application: OAuthApplication, over upstream: Upstream, order: Int) async -> Answer {
        let forge = application.host.forge.rawValue
        let site = application.site ?? "default"
        let key = "forges.\(forge).oauth.\(site)"
        let finding: Finding =
            switch await OAuthFlow(application, upstream: upstream).check() {
            case .accepted:
                .good(forge, "the OAuth application of the site \(site) is accepted at \(application.host.pages)")
            case .known:
                .good(
                    forge,
                    "the OAuth application of the site \(site) is known at \(application.host.pages), which does not tell whether its secret is right"
                )
            case .refused(let why): .bad(forge, "\(key): \(why)")
            case .unknown(let why): .warning(forge, "\(key) could not be checked: \(why)")
            }
        return Answer(order: order, finding: finding)
    }
}
