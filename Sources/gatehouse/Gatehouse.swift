// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Gatehouse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "One gate to every Git forge: repositories through one API, credentials sealed inside.",
        discussion: """
            Try it, offline, with emulated forges:
              gatehouse sandbox

            Run it:
              gatehouse tenant create acme
              gatehouse user create acme alice
              gatehouse access-key create acme alice
              gatehouse serve --config gatehouse.yaml
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, SandboxCommand.self, TenantCommand.self, UserCommand.self, AccessKeyCommand.self,
        ])
}
