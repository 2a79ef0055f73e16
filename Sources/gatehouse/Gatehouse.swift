// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model
import NIOCore
import Sandbox
import Storage

import Glibc

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
            AuthorizationCommand.self, PolicyCommand.self,
            AuditCommand.self, KeyCommand.self, BackupCommand.self, RestoreCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: explained(error))
        }
    }

    /// The sentence alone: codes and causes are for programs and logs.
    private static func explained(_ error: any Error) -> any Error {
        switch error {
        case let error as AccessError: Refusal(error.message)
        case let error as StoreError: Refusal(error.message)
        case let error as ForgeError: Refusal(error.message)
        case let error as SandboxError: Refusal(error.description)
        case let error as IOError where error.errnoCode == EADDRINUSE:
            Refusal("Another program listens on this port. Choose another one (--port).")
        case let error as IOError where [EACCES, EADDRNOTAVAIL].contains(error.errnoCode):
            Refusal("This user may not listen there, or the address is not this machine's. Change --host or --port.")
        default: error
        }
    }
}
