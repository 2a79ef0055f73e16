// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say who may do what: make policies, give them to users, and try what they come to.",
        discussion: """
            A user has the policies of its roles (permission.roles), or, where some are attached to it, these and no others.
            docs/permissions.md has the form, the actions and examples.

              gatehouse policy create docs-writer policy.json
              gatehouse policy attach acme alice docs-writer
              gatehouse policy simulate acme alice gatehouse:repository:updateFile \\
                --authorization build-robot --namespace octavia --project harbour --branch main --path docs/a.md

            What may go through one authorization, whoever uses it: see `gatehouse authorization policy`.
            """,
        subcommands: [
            PolicyCreate.self, PolicyShow.self, PolicyList.self, PolicyDelete.self, PolicyAttach.self,
            PolicyDetach.self,
            PolicySimulate.self,
        ])
}
