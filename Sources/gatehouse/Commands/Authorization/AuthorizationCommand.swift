// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct AuthorizationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorization",
        abstract: "List, show, renew and delete a tenant's authorizations, and say what may go through them.",
        subcommands: [
            AuthorizationList.self, AuthorizationShow.self, AuthorizationReauthorize.self, AuthorizationDelete.self,
            AuthorizationPolicyCommand.self,
        ])
}
