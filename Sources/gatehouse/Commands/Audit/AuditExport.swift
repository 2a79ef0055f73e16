// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Model
import Storage

struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write events to standard output as JSON lines, oldest first.",
        discussion: """
            An object for each event, with the members of the API's and, besides, the number (sequence), the tenant (project_id),
            the authorization's id (resource_id) and the hash.
            """)

    @OptionGroup var selection: AuditSelection

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let filter = try await selection.filter(in: house)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var end: Int64 = 0
            while true {
                let entries = try await house.store.auditEntries(filter, after: end, limit: 1000)
                guard let last = entries.last else { return }
                var lines = Data()
                for entry in entries { lines += try encoder.encode(Line(entry)) + Data("\n".utf8) }
                try FileHandle.standardOutput.write(contentsOf: lines)
                end = last.sequence
            }
        }
    }

    private struct Line: Encodable {
        struct User: Encodable {
            let id: String?
            let name: String?
        }

        let sequence: Int64
        let trace_id: String
        let time: Int64
        let trace_name: String
        let resource_type: String
        let resource_name: String?
        let resource_id: String?
        let operation: String
        let actor: String
        let user: User?
        let project_id: String?
        let repo_type: String?
        let repository: String?
        let code: Int
        let error_code: String?
        let request_id: String?
        let source_ip: String?
        let duration: Int64
        let lost: Int64?
        let hash: String

        init(_ entry: AuditEntry) {
            let event = entry.event
            sequence = entry.sequence
            trace_id = entry.id
            time = event.time
            trace_name = event.traceName
            resource_type = event.resourceType
            resource_name = event.authorization
            resource_id = event.authorizationID
            operation = event.action
            actor = event.actor.rawValue
            user = event.actor == .user ? User(id: event.userID, name: event.userName) : nil
            project_id = event.tenant?.text
            repo_type = event.forge
            repository = event.repository
            code = event.status
            error_code = event.errorCode
            request_id = event.requestID
            source_ip = event.source
            duration = event.duration
            lost = event.lost
            hash = Hexadecimal.encode(entry.hash)
        }
    }
}
