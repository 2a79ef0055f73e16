// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Model
import Storage

struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List events, oldest first, a line each.",
        discussion: """
            A line has the number, the time, the status, the error's code or -, who (a user, operator or gatehouse), the tenant's id,
            the operation, the authorization, the forge, the repository, the address that the request came from, the request's id
            and how long it took. What is not known is -. Without --since, the last ones.
            """)

    @OptionGroup var selection: AuditSelection

    @Option(help: "How many of the last ones, where --since is not given, from 1 to 100000.")
    var limit = 100

    @Flag(help: "Go on with what comes, until Ctrl-C.")
    var follow = false

    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is from 1 to 100000.") }
    }

    func run() async throws {
        try await options.withHouse { house in
            let filter = try await selection.filter(in: house)
            // What comes while the list is printed comes after this.
            let newest = try await house.store.newestAuditEntries(.init(), limit: 1).first?.sequence ?? 0
            var end = newest
            if filter.since == nil {
                let last = try await house.store.newestAuditEntries(filter, limit: limit)
                for entry in last.reversed() where entry.sequence <= newest { print(Self.line(entry)) }
            } else {
                end = 0
                while let page = try await Self.page(filter, after: end, of: house) {
                    for entry in page { print(Self.line(entry)) }
                    end = page.last?.sequence ?? end
                }
                end = max(end, newest)
            }
            fflush(nil)
            guard follow else { return }
            while true {
                try await Task.sleep(for: .seconds(1))
                let more = try await house.store.auditEntries(filter, after: end, limit: 1000)
                for entry in more { print(Self.line(entry)) }
                fflush(nil)
                end = more.last?.sequence ?? end
            }
        }
    }

    /// nil where there is nothing more.
    private static func page(
        _ filter: AuditFilter, after end: Int64, of house: House
    ) async throws -> [AuditEntry]? {
        let page = try await house.store.auditEntries(filter, after: end, limit: 1000)
        return page.isEmpty ? nil : page
    }

    private static func line(_ entry: AuditEntry) -> String {
        let event = entry.event
        let time = Date(timeIntervalSince1970: Double(event.time) / 1000)
        let who =
            switch event.actor {
            case .user: event.userName ?? "-"
            case .operator: "operator"
            case .service: "gatehouse"
            }
        var parts = [
            String(entry.sequence), time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            String(event.status), event.errorCode ?? "-", who, event.tenant?.text ?? "-", event.action,
            event.authorization ?? "-", event.forge ?? "-", event.repository ?? "-", event.source ?? "-",
            event.requestID ?? "-", "\(event.duration)ms",
        ]
        if let lost = event.lost { parts.append("\(lost) lost") }
        return parts.joined(separator: "  ")
    }
}
