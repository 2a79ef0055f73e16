// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension SeedHistory {
    /// The repository that the sandbox shows around.
    static let harbour: SeedHistory = {
        var history = SeedHistory()
        history.commit("main", "Begin the harbour\n", [("README.md", .text("# Harbour\n\nShips come and go.\n"))])
        history.commit("main", "Add a licence\n", [("LICENSE", .text("Free for every ship.\n"))])
        history.commit(
            "main", "Add the pilot\n\nIt knows the way in.\n",
            [("src/main/pilot.txt", .text("port\nstarboard\n")), ("src/main/deep/er/still.txt", .text("still\n"))])
        history.commit("main", "Add a script\n", [("bin/moor.sh", .executable("#!/bin/sh\necho moored\n"))])
        let early = history.commit(
            "main", "Link to the readme\n", [("docs/index.md", .link("../README.md")), ("docs/pilot", .link("../src"))])
        history.commit("main", "Keep an empty file\n", [("data/.keep", .file([]))])
        history.commit("main", "Add all bytes\n", [("data/bytes.bin", .file((0..<1024).map { UInt8($0 & 255) }))])
        history.commit(
            "main", "Names as people write them\n",
            [
                ("docs/with space/ünï cödé 港.txt", .text("grüße\n")),
                ("docs/with space/100% & more #1+?.txt", .text("signs\n")),
            ])
        let old = history.commit("main", "Correct the pilot\n", [("src/main/pilot.txt", .text("starboard\nport\n"))])
        history.commit(
            "main", "Greet from Marlow\n", by: ("Marlow Reed", SandboxSeed.otherEmail),
            [("docs/guests.md", .text("Marlow was here.\n"))])
        history.commit("main", "Remove the greeting\n", [("docs/guests.md", nil)])
        let recent = history.commit("main", "Version 1\n", [("VERSION", .text("1.0.0\n"))])
        history.commit(
            "main", "Thanks from outside\n", by: ("A Stranger", "stranger@example.org"),
            [("THANKS", .text("thanks\n"))])
        let tip = history.commit(
            "main", "Say more in the readme\n",
            [("README.md", .text("# Harbour\n\nShips come and go.\n\n- `src/main` holds the pilot\n"))])
        history.commit("feature/one", "Start feature one\n", from: recent, [("feature-one.txt", .text("one\n"))])
        history.commit("feature/two", "Start feature two\n", from: early, [("feature-two.txt", .text("two\n"))])
        history.reference("refs/heads/develop", at: tip)
        history.reference("refs/heads/fix/ünï-code", at: old)
        history.reference("refs/tags/v0.9.0", at: old)
        history.tag("v1.0.0", at: recent, "Version 1.0.0\n")
        history.tag("release/2024-01", at: recent, "The release of January\n")
        return history
    }()

    /// Many refs on a few commits.
    static let crowded: SeedHistory = {
        var history = SeedHistory()
        history.commit("main", "First ship\n", [("README.md", .text("# Crowded quay\n"))])
        history.commit("main", "Second ship\n", [("ships.txt", .text("two\n"))])
        for number in 1...SandboxSeed.refCount {
            let digits = String(String(1000 + number).dropFirst())
            history.references += ["refs/heads/branch-\(digits)", "refs/tags/tag-\(digits)"]
        }
        return history
    }()

    /// With a submodule, for all to see.
    static let open: SeedHistory = {
        var history = SeedHistory()
        history.commit("main", "Begin\n", [("README.md", .text("# Open water\n"))])
        let modules = "[submodule \"lib/tide\"]\n\tpath = lib/tide\n\turl = https://example.com/octavia/tide.git\n"
        history.commit(
            "main", "Add the tide\n",
            [
                (".gitmodules", .text(modules)),
                ("lib/tide", .submodule("0123456789abcdef0123456789abcdef01234567")),
            ])
        return history
    }()

    /// Two commits.
    static let small: SeedHistory = {
        var history = SeedHistory()
        history.commit("main", "Begin\n", [("README.md", .text("# A small place\n"))])
        history.commit("main", "Go on\n", [("src/code.txt", .text("code\n"))])
        return history
    }()
}
