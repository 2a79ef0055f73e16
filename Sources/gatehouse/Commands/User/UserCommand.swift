// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Make, list and delete a tenant's users, and change their passwords.",
        subcommands: [UserCreate.self, UserList.self, UserPassword.self, UserDelete.self])
}
