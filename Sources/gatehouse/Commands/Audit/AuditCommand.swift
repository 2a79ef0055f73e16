// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read, verify and export the record of who has changed and used which authorization.",
        subcommands: [AuditList.self, AuditVerify.self, AuditExport.self])
}
