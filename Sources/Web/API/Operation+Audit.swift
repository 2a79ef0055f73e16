// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model

extension Operation {
    /// The operations on the record.
    static func audit(_ broker: Broker) -> [Operation] {
        [
            Operation("ListAuditEvents", .get, "/audit", .readAudit, about: .nothing, root: "/v1/{project_id}") {
                call in
                let page = try await broker.auditEvents(
                    limit: try call.parameters.number("limit", default: 100, in: 1...1000),
                    marker: try call.parameters.optional("marker"), with: call.grant)
                var json = JSONWriter()
                json.object {
                    $0.member("events") { $0.array(page.entries) { $0.event($1) } }
                    $0.member("count", Int64(page.entries.count))
                    $0.member("next_marker", page.marker)
                }
                return json.response()
            }
        ]
    }
}

extension JSONWriter {
    /// Without the number and the hash, which would tell how much others do, and without the authorization's id, which no caller is
    /// told.
    fileprivate mutating func event(_ entry: AuditEntry) {
        let event = entry.event
        object { json in
            json.member("trace_id", entry.id)
            json.member("time", event.time)
            json.member("trace_name", event.traceName)
            json.member("resource_type", event.resourceType)
            json.member("resource_name", event.authorization)
            json.member("operation", event.action)
            json.member("actor", event.actor.rawValue)
            json.member("user") { json in
                json.object {
                    $0.member("id", event.userID)
                    $0.member("name", event.userName)
                }
            }
            json.member("repo_type", event.forge)
            json.member("repository", event.repository)
            json.member("code", Int64(event.status))
            json.member("error_code", event.errorCode)
            json.member("request_id", event.requestID)
            json.member("source_ip", event.source)
            json.member("duration", event.duration)
            json.member("lost", event.lost)
        }
    }
}
