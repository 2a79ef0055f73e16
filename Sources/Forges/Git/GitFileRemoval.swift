// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Removing a file by git's own fetch and push over smart HTTP, for a forge whose API cannot.
///
/// Three requests, and no `git` command: what the server is able to do is read, then the trees of one commit, and a commit is
/// pushed that has no more than the file less. The push names the commit that it builds on: a branch that has moved is left alone.
/// https://git-scm.com/docs/gitprotocol-http and https://git-scm.com/docs/gitprotocol-pack
struct GitFileRemoval: Sendable {
    /// Whose base is the address below which the repositories are, and which proves the user as git does.
    let session: Session
    /// The repository's path, encoded, below the session's base, for example `/orch/cider.git`.
    let repository: String

    /// What the commit says, beside what it removes.
    struct Text: Sendable {
        let message: String
        /// The author's and the committer's.
        let name: String
        let email: String
        /// Unix time in seconds.
        let time: Int64
    }

    /// Throws ForgeError/Code/notFound where there is no such file at the commit, ForgeError/Code/conflict where the branch
    /// has moved, ForgeError/Code/forbidden where the server protects it.
    func remove(_ path: String, on branch: String, at tip: String, _ text: Text) async throws(ForgeError) {
        let objects = try await trees(of: tip)
        guard let commit = objects[tip], commit.kind == .commit, let root = Self.tree(of: commit) else {
            throw session.nonsense("a pack without the commit that was asked for")
        }
        var edit = Edit(objects: objects)
        let parts = path.pathParts.map { Array($0.utf8) }
        let outcome = edit.remove(parts[...], from: root)
        switch outcome {
        case .missing:
            throw ForgeError(
                .notFound, session.forge,
                "\(session.forge.displayName) has no such file. Check the path and the branch.")
        case .broken: throw session.nonsense("a pack that lacks some of the trees")
        case .kept(let tree): try await push([commitObject(tree, tip, text)] + edit.made, branch, tip)
        case .emptied:
            let empty = GitObject(kind: .tree, bytes: [])
            try await push([commitObject(empty.name, tip, text), empty], branch, tip)
        }
    }

    private func commitObject(_ tree: String, _ parent: String, _ text: Text) -> GitObject {
        let who = "\(Self.plain(text.name)) <\(Self.plain(text.email))> \(text.time) +0000"
        let ending = text.message.hasSuffix("\n") ? "" : "\n"
        let commit =
            "tree \(tree)\nparent \(parent)\nauthor \(who)\ncommitter \(who)\n\n\(text.message)\(ending)"
        return GitObject(kind: .commit, bytes: Array(commit.utf8))
    }

    /// What git allows in a name.
    private static func plain(_ text: String) -> String {
        let kept = text.unicodeScalars.filter {
            $0.value >= 0x20 && !"<>".unicodeScalars.contains($0) && $0.value != 0x7F
        }
        return String(String.UnicodeScalarView(kept))
    }

    private static func tree(of commit: GitObject) -> String? {
        let line = String(decoding: commit.bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        guard line.hasPrefix("tree "), GitName.isWholeObject(String(line.dropFirst(5))) else { return nil }
        return String(line.dropFirst(5))
    }

    /// The commit and its trees. The files are left out where the server is able to.
    private func trees(of commit: String) async throws(ForgeError) -> [String: GitObject] {
        let able = try await abilities()
        guard able.isSuperset(of: ["shallow", "side-band-64k"]) else {
            throw session.nonsense("without what every git server is able to do")
        }
        let wanted =
            "want \(commit) side-band-64k no-progress shallow \(able.contains("filter") ? "filter " : "")agent=gatehouse\n"
        var lines: [PacketLine] = [.data(Array(wanted.utf8)), .data(Array("deepen 1\n".utf8))]
        if able.contains("filter") { lines.append(.data(Array("filter blob:none\n".utf8))) }
        lines += [.flush, .data(Array("done\n".utf8))]
        let answer = try await send(lines, "upload")
        guard let received = PacketLine.read(answer.body) else { throw notGit(answer) }
        var pack: [UInt8] = []
        for case .data(let line) in received.drop(while: { $0.text != "NAK" }).dropFirst() where line.first == 1 {
            pack += line.dropFirst()
        }
        guard let objects = GitPack.read(pack) else { throw notGit(answer) }
        return objects
    }

    private func abilities() async throws(ForgeError) -> Set<String> {
        let answer = try await session.send(
            Call(
                .get, repository + "/info/refs", query: [("service", "git-upload-pack")],
                headers: [Upstream.Header("Accept", "application/x-git-upload-pack-advertisement, */*")]))
        guard let lines = PacketLine.read(answer.body), lines.count >= 3,
            lines[0].text == "# service=git-upload-pack", lines[1] == .flush, case .data(let first) = lines[2],
            let end = first.firstIndex(of: 0)
        else { throw notGit(answer) }
        let words = String(decoding: first[(end + 1)...], as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return Set(words.map(String.init))
    }

    private func push(_ objects: [GitObject], _ branch: String, _ tip: String) async throws(ForgeError) {
        let ref = "refs/heads/" + branch
        let command = "\(tip) \(objects[0].name) \(ref)\0report-status agent=gatehouse\n"
        let answer = try await send([.data(Array(command.utf8)), .flush], "receive", GitPack.write(objects))
        guard let report = GitPushReport(answer.body, ref: ref) else { throw notGit(answer) }
        guard case .refused(let reason) = report else { return }
        let words = reason.lowercased()
        if ["lock", "failed to update", "stale", "fetch first", "non-fast-forward"].contains(where: words.contains) {
            throw ForgeError(
                .conflict, session.forge,
                "The file or the branch has changed since it was read. Read it again, then write.")
        }
        throw ForgeError(
            .forbidden, session.forge,
            "\(session.forge.displayName) does not let the user push to this branch: it is protected, or a rule of the repository is against it."
        )
    }

    private func send(
        _ lines: [PacketLine], _ service: String, _ more: [UInt8] = []
    ) async throws(ForgeError) -> Upstream.Response {
        guard let body = PacketLine.write(lines) else {
            throw ForgeError(.invalidRequest, session.forge, "The branch's name is too long. Choose another one.")
        }
        return try await session.send(
            Call(
                .post, repository + "/git-\(service)-pack",
                headers: [
                    Upstream.Header("Content-Type", "application/x-git-\(service)-pack-request"),
                    Upstream.Header("Accept", "application/x-git-\(service)-pack-result"),
                ], body: body + more))
    }

    private func notGit(_ answer: Upstream.Response) -> ForgeError {
        session.nonsense("something that is not git's smart HTTP", status: answer.status)
    }
}

extension GitFileRemoval {
    /// The trees that a removal changes.
    private struct Edit {
        enum Outcome {
            /// There is no such file.
            case missing
            /// A tree is not there, or is none.
            case broken
            /// The changed tree.
            case kept(String)
            /// Nothing is left, and git keeps no empty directory.
            case emptied
        }

        let objects: [String: GitObject]
        private(set) var made: [GitObject] = []

        init(objects: [String: GitObject]) {
            self.objects = objects
        }

        mutating func remove(_ path: ArraySlice<[UInt8]>, from tree: String) -> Outcome {
            guard let object = objects[tree], object.kind == .tree, var entries = GitTreeEntry.read(object.bytes) else {
                return .broken
            }
            guard let name = path.first, let index = entries.firstIndex(where: { $0.name == name }) else {
                return .missing
            }
            let entry = entries[index]
            if path.count == 1 {
                guard entry.isFile else { return .missing }
                entries.remove(at: index)
            } else {
                guard entry.isTree else { return .missing }
                switch remove(path.dropFirst(), from: entry.object) {
                case .kept(let changed):
                    entries[index] = GitTreeEntry(mode: entry.mode, name: entry.name, object: changed)
                case .emptied: entries.remove(at: index)
                case let other: return other
                }
            }
            if entries.isEmpty { return .emptied }
            let changed = GitObject(kind: .tree, bytes: GitTreeEntry.write(entries))
            made.append(changed)
            return .kept(changed.name)
        }
    }
}
