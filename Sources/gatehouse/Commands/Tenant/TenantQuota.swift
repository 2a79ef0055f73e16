// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Model
import Storage

struct TenantQuota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Show what a tenant may use, or say it.",
        discussion: """
            Each number is one, `none` for any number, or `default` for the configured one (quota.… in
            docs/configuration.md). What is not named stays as it is. A running service follows within five seconds.
            A tenant that has more authorizations than it may keeps them, and gets no more.

            Examples:
              gatehouse tenant quota acme
              gatehouse tenant quota acme --authorizations 5000 --calls 64
              gatehouse tenant quota acme --requests 20 --burst 40
              gatehouse tenant quota acme --requests default --burst default
            """)

    /// What an option says.
    enum Number: ExpressibleByArgument, Sendable {
        case usual
        case number(Int)

        init?(argument: String) {
            switch argument {
            case "default": self = .usual
            case "none": self = .number(0)
            default:
                guard let number = Int(argument), (1...1_000_000).contains(number) else { return nil }
                self = .number(number)
            }
        }

        var value: Int? {
            if case .number(let number) = self { number } else { nil }
        }
    }

    @Argument(help: "The tenant's name.")
    var name: String

    @Option(help: "How many authorizations it may have.")
    var authorizations: Number?

    @Option(help: "How many requests a second it may send, in the long run.")
    var requests: Number?

    @Option(help: "How many requests it may send at once, after a rest.")
    var burst: Number?

    @Option(help: "How many of its requests may be under way at forges.")
    var calls: Number?

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let tenant = try await house.identity.tenant(named: name)
            var exceptions = try await house.store.quotaExceptions(of: tenant.id)
            if let authorizations { exceptions.authorizations = authorizations.value }
            if let requests { exceptions.requests = requests.value }
            if let burst { exceptions.burst = burst.value }
            if let calls { exceptions.calls = calls.value }
            if authorizations != nil || requests != nil || burst != nil || calls != nil {
                try await house.store.set(exceptions, of: tenant.id)
                try await house.record("UpdateTenantQuota", tenant: tenant.id)
            }
            let count = try await house.store.authorizationCount(of: tenant.id)
            let quota = house.configuration.quota.with(exceptions)
            Self.say("authorizations", quota.authorizations, exceptions.authorizations, "; it has \(count)")
            Self.say("requests", quota.requests, exceptions.requests, " a second")
            Self.say("burst", quota.burst, exceptions.burst)
            Self.say("calls", quota.calls, exceptions.calls, " at once")
        }
    }

    private static func say(_ name: String, _ number: Int, _ exception: Int?, _ more: String = "") {
        let label = name.padding(toLength: 16, withPad: " ", startingAt: 0)
        print("\(label)\(number == 0 ? "any number" : "\(number)")\(more)\(exception == nil ? "   (default)" : "")")
    }
}
