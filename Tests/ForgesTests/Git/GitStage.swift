// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

@testable import Forges

/// A repository of one commit, as git's smart HTTP shows it: `README.md`, `docs/a.txt` and a submodule `lib/tide`.
enum GitStage {
    static let blob = "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4"
    static let docs = tree([("100644", "a.txt", blob)])
    static let lib = tree([("160000", "tide", "0123456789abcdef0123456789abcdef01234567")])
    static let root = tree([
        ("100644", "README.md", blob), ("40000", "docs", docs.name), ("40000", "lib", lib.name),
    ])
    static let commit = GitObject(
        kind: .commit,
        bytes: Array("tree \(root.name)\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nBegin\n".utf8))

    static func tree(_ entries: [(mode: String, name: String, object: String)]) -> GitObject {
        GitObject(
            kind: .tree,
            bytes: GitTreeEntry.write(
                entries.map { GitTreeEntry(mode: $0.mode, name: Array($0.name.utf8), object: $0.object) }))
    }

    /// What a server answers to a request of a path below the repository's.
    static func answer(
        _ method: Upstream.Method, _ path: String, report: [String] = ["unpack ok\n", "ok refs/heads/main\n"],
        abilities: String = "shallow side-band-64k filter ofs-delta"
    ) -> Upstream.Response? {
        let lines: [PacketLine]
        switch (method, path) {
        case (.get, "/info/refs?service=git-upload-pack"):
            lines = [
                text("# service=git-upload-pack\n"), .flush,
                text("\(commit.name) HEAD\0\(abilities)\n"), text("\(commit.name) refs/heads/main\n"), .flush,
            ]
        case (.post, "/git-upload-pack"):
            let pack = GitPack.write([commit, root, docs, lib])
            lines = [
                text("shallow \(commit.name)\n"), .flush, text("NAK\n"), .data([2] + Array("Counting\n".utf8)),
                .data([1] + pack.prefix(100)), .data([1] + pack.dropFirst(100)), .flush,
            ]
        case (.post, "/git-receive-pack"): lines = report.map(text) + [.flush]
        default: return nil
        }
        return Upstream.Response(status: 200, headers: [], body: PacketLine.write(lines) ?? [])
    }

    private static func text(_ text: String) -> PacketLine { .data(Array(text.utf8)) }
}
