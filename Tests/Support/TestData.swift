// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Files that tests read: the project's own fixtures, and data shared by others where it is present.
package enum TestData {
    /// The package's root.
    package static var root: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// A fixture: `github/user.json` is `Tests/ForgesTests/Fixtures/github/user.json`.
    package static func fixture(_ name: String, of tests: String = "ForgesTests") throws -> String {
        let file = root.appending(path: "Tests/\(tests)/Fixtures/\(name)")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The folder of shared recordings and descriptions: `GATEHOUSE_SHARED`, or `../shared` beside the package. nil where
    /// there is none; tests that need it then say so and pass over themselves.
    package static var shared: URL? {
        let folder =
            ProcessInfo.processInfo.environment["GATEHOUSE_SHARED"].map { URL(filePath: $0) }
            ?? root.deletingLastPathComponent().appending(path: "shared")
        return FileManager.default.fileExists(atPath: folder.appending(path: "corpora/index.json").path) ? folder : nil
    }
}
