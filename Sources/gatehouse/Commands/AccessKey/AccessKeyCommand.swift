// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct AccessKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access-key",
        abstract: "Make, list and delete users' access keys (AK/SK).",
        subcommands: [AccessKeyCreate.self, AccessKeyList.self, AccessKeyDelete.self])
}
