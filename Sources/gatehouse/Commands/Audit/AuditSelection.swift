// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import FoundationEssentials
import Model
import Storage

/// Which events a command is about.
struct AuditSelection: ParsableArguments {
    @Option(help: "Only those of this tenant: its name, or the id of one that is gone.")
    var tenant: String?

    @Option(help: "Only those of authorizations of this name.")
    var authorization: String?

    @Option(help: "Only those since then: 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 30m, 24h, 7d.")
    var since: String?

    func validate() throws {
        guard since.map({ Self.time($0, now: 0) != nil }) ?? true else {
            throw ValidationError(
                "--since is a date, a time in UTC that ends in Z, or a number with m, h or d behind it.")
        }
    }

    func filter(in house: House) async throws -> AuditFilter {
        AuditFilter(
            tenant: try await tenantID(in: house), authorization: authorization,
            since: since.flatMap { Self.time($0, now: WallClock.system.milliseconds) })
    }

    private func tenantID(in house: House) async throws -> TenantID? {
        guard let tenant else { return nil }
        // The record outlives a tenant.
        let known = try await house.identity.tenants().filter { $0.name == tenant }
        guard known.count <= 1 else {
            throw Refusal(
                "There are \(known.count) tenants named \(tenant). Give the project id: \(known.map(\.id.text).joined(separator: ", "))."
            )
        }
        if let known = known.first { return known.id }
        guard let id = TenantID(tenant) else { throw Refusal("There is no tenant named \(tenant).") }
        return id
    }

    /// Unix time in milliseconds.
    static func time(_ text: String, now: Int64) -> Int64? {
        let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
        if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        {
            return now - count * unit
        }
        let full = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        do {
            return Int64(try Date(full, strategy: .iso8601).timeIntervalSince1970 * 1000)
        } catch {
            return nil
        }
    }
}
