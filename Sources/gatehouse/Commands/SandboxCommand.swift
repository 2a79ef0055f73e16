// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import Forges
import Foundation
import Model
import Sandbox
import Storage

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract:
            "Start everything on this machine, offline: the API on SQLite, and emulated forges over real git repositories.",
        discussion: """
            Everything listens on 127.0.0.1 only. Without --state it lives in a temporary folder that is deleted at the
            end. The commands that it prints can be pasted into another terminal.
            """)

    @Option(help: "The API's port; 0 for any free one.")
    var port = 8080

    @Option(help: "The first of the forges' ports; 0 for any free ones.")
    var forgePort = 9001

    @Option(help: "A folder to keep everything in between runs.")
    var state: String?

    @Option(help: "A file to write, once all is up: endpoint, keys and forges as JSON.")
    var readyFile: String?

    @OptionGroup(title: "Lifetimes at the emulated forges, in seconds")
    var lifetimes: SandboxLifetimes

    func validate() throws {
        guard (0...65535).contains(port), (0...65500).contains(forgePort) else {
            throw ValidationError("A port is a number from 0 to 65535.")
        }
    }

    func run() async throws {
        if let readyFile {
            let folder = URL(filePath: readyFile).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else {
                throw Refusal("The ready file \(readyFile) cannot be written: \(folder) is no folder to write to.")
            }
        }
        let directory = try StateDirectory(state)
        defer { directory.removeIfTemporary() }
        do {
            if port != 0 { _ = try ReservedPort(port) }
        } catch {
            throw Refusal("Port \(port) of 127.0.0.1 cannot be used. Choose another one: --port.")
        }
        do {
            try await SandboxHouse(
                directory: directory, port: port, forgePort: forgePort, lifetimes: lifetimes.chosen,
                readyFile: readyFile
            ).run()
        } catch let error as SandboxError {
            throw Refusal(error.description)
        }
    }
}
