// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// Git's own push over smart HTTP, as far as refs can be removed with it: for what a forge's API has no call for.
///
/// Two requests, and no `git` command: the server's refs are read, then one command removes the ref if it still is what
/// was read. https://git-scm.com/docs/gitprotocol-http
struct GitPush: Sendable {
    /// Whose base is the address below which the repositories are, and which proves the user as git does.
    let session: Session
    /// For sentences: how the forge calls what is removed.
    let noun: String

    /// Removes a ref.
    ///
    /// Throws ``ForgeError/Code/notFound`` where it is not there, ``ForgeError/Code/conflict`` where it moves meanwhile,
    /// ``ForgeError/Code/forbidden`` where the server protects it.
    /// - Parameters:
    ///   - ref: in full, for example `refs/tags/v1`.
    ///   - path: the repository's, encoded, below the session's base, for example `/octavia/harbour.git`.
    func delete(_ ref: String, in path: String) async throws(ForgeError) {
        let name = ref.split(separator: "/", maxSplits: 2).last.map(String.init) ?? ref
        guard GitName.isRef(ref), GitName.isRef(name) else { throw missing(name) }
        let advertisement = try await advertisement(of: path)
        guard let object = advertisement.refs[ref] else { throw missing(name) }
        guard advertisement.capabilities.contains("delete-refs"), advertisement.capabilities.contains("report-status")
        else {
            throw ForgeError(
                .unsupported, session.forge,
                "\(session.forge.displayName) lets nobody remove a \(noun) of this repository by a push. Remove it at its page."
            )
        }
        let zero = String(repeating: "0", count: object.utf8.count)
        let command = "\(object) \(zero) \(ref)\0report-status agent=gatehouse\n"
        guard let body = PacketLine.write([.data(Array(command.utf8)), .flush]) else { throw missing(name) }
        let call = Call(
            .post, path + "/git-receive-pack",
            headers: [
                Upstream.Header("Content-Type", "application/x-git-receive-pack-request"),
                Upstream.Header("Accept", "application/x-git-receive-pack-result"),
            ], body: body)
        let answer = try await session.send(call)
        guard let report = GitPushReport(answer.body, ref: ref) else {
            throw session.nonsense("no report of what it has done", status: answer.status)
        }
        if case .refused(let reason) = report { throw refusal(reason, name) }
    }

    private func advertisement(of path: String) async throws(ForgeError) -> GitRefAdvertisement {
        let call = Call(
            .get, path + "/info/refs", query: [("service", "git-receive-pack")],
            headers: [Upstream.Header("Accept", "application/x-git-receive-pack-advertisement, */*")])
        let answer = try await session.send(call)
        guard let advertisement = GitRefAdvertisement(answer.body) else {
            throw session.nonsense("something that is not git's smart HTTP", status: answer.status)
        }
        return advertisement
    }

    /// Git itself says `failed to update ref` or `cannot lock ref` where the ref is no longer what the command names.
    private func refusal(_ reason: String, _ name: String) -> ForgeError {
        let words = reason.lowercased()
        if ["lock", "failed to update", "stale", "bad ref", "fetch first"].contains(where: words.contains) {
            return ForgeError(
                .conflict, session.forge,
                "The \(noun) \(Quotation.of(name)) has changed meanwhile. Look, then try again.")
        }
        return ForgeError(
            .forbidden, session.forge,
            "\(session.forge.displayName) does not let the user remove the \(noun) \(Quotation.of(name)): it is protected, or a rule of the repository is against it."
        )
    }

    private func missing(_ name: String) -> ForgeError {
        ForgeError(
            .notFound, session.forge,
            "\(session.forge.displayName) has no \(noun) \(Quotation.of(name)) in this repository. Check the name.")
    }
}
