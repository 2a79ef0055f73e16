// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Make, list and delete tenants, and say what one may use.",
        subcommands: [TenantCreate.self, TenantList.self, TenantDelete.self, TenantQuota.self])
}
