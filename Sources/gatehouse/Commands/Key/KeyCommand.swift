// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "List, rotate and retire the versions of the master key.",
        discussion: """
            Everything in the store is sealed under the newest version of the master key. To change it, while Gatehouse
            serves:

              gatehouse key rotate        make a new version and seal everything anew under it
              gatehouse key list          see that nothing is sealed under the old one any more
              (copy the key file to where you keep a copy of it)
              gatehouse key retire 1      delete the old one

            A backup opens only with the versions that it was made under: keep a copy of a version as long as a backup
            from its time.
            """,
        subcommands: [KeyList.self, KeyRotate.self, KeyRetire.self])
}
