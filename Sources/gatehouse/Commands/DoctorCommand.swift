// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Synchronization

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Look at the settings, the store, the master key, the clock, the forges and their OAuth applications.",
        discussion: """
            Each line begins with good, warning or bad, and says what to do. The status is 1 when anything is bad. It may
            be run while Gatehouse serves. It makes nothing; to the forges it goes without anybody's
            credential, and for an OAuth application with a code that is none.
            """)

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let worst = Worst()
        let configuration: ServiceConfiguration
        do {
            configuration = try await options.configuration()
        } catch let error as ServiceConfiguration.Invalid {
            worst.say(.bad("settings", error.description))
            throw ExitCode.failure
        }
        await Doctor(configuration: configuration) { worst.say($0) }.examine()
        if worst.isBad { throw ExitCode.failure }
    }

    /// Prints findings and remembers whether one was bad.
    private final class Worst: Sendable {
        private let bad = Mutex(false)

        var isBad: Bool { bad.withLock { $0 } }

        func say(_ finding: Finding) {
            if finding.level == .bad { bad.withLock { $0 = true } }
            let level = finding.level.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
            print(level + finding.about.padding(toLength: 13, withPad: " ", startingAt: 0) + finding.text)
            fflush(nil)
        }
    }
}
