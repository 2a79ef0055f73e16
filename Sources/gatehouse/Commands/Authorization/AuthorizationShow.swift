// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import FoundationEssentials
import Model

struct AuthorizationShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show how an authorization fares: status and reason, end, last use, last proof.",
        discussion: """
            It is opened for that, so that one which cannot be says so; the credential is not shown. A running service writes the
            times of use and proof every 15 seconds.
            """)

    @OptionGroup var options: AuthorizationOptions

    func run() async throws {
        try await options.withBroker(to: .getAuthorization) { broker, grant in
            show(try await broker.details(options.name, with: grant))
        }
    }

    private func show(_ details: Broker.Details) {
        let authorization = details.authorization
        let standing = details.standing
        line("name", authorization.name.text)
        line("forge", "\(authorization.forge.rawValue) at \(authorization.host)")
        line("user", authorization.user)
        line("mode", authorization.mode.rawValue)
        line("authorized", time(authorization.updated))
        line("status", String((standing.reason?.status ?? authorization.status).rawValue))
        if let reason = standing.reason { line("reason", "\(reason.rawValue): \(reason.advice)") }
        line("renewed", details.isRenewed ? "yes, by Gatehouse" : "no")
        line(
            "ends",
            standing.expires.map(time) ?? (details.isRenewed ? "not while it is renewed" : "not told by the forge"))
        line("last use", standing.used.map(time) ?? "never")
        line("last proof", standing.proved.map(time) ?? "never")
        line("scopes", standing.scopes?.joined(separator: " ") ?? "not known")
    }

    private func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    }

    private func line(_ label: String, _ text: String) {
        print(label + String(repeating: " ", count: max(1, 12 - label.count)) + text)
    }
}
