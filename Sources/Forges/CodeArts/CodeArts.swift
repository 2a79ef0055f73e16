// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Huawei Cloud's CodeArts Repo (`devcloud`), over its REST API of version 4, and of versions 1 and 2 where version 4
/// lacks a call.
///
/// The API takes a token of IAM, which ``IAM`` gets for the stored user and password. Huawei's pages have fields and
/// types and hardly an example; no exchange of its server is public. So where an answer could mean several things, it
/// is asked for once more, rather than guessed.
/// https://support.huaweicloud.com/intl/en-us/api-codeartsrepo/codeartsrepo_05_0010.html
struct CodeArts: Forge {
    let host: ForgeHost
    let session: Session
    /// The same with a token of its own, for proving the password.
    private let proving: Session
    let identity: IAM
    /// The stored credential, of which the session's are made.
    let passwords: CredentialSource

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
        identity = IAM(host: host, upstream: upstream)
        passwords = source
        session = CodeArts.session(host, identity.source(over: source), upstream)
        proving = CodeArts.session(host, identity.source(over: source, proves: true), upstream)
    }

    private static func session(_ host: ForgeHost, _ source: CredentialSource, _ upstream: Upstream) -> Session {
        Session(
            forge: .devcloud, base: host.api, upstream: upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in try authenticate(credential) },
            // Every call is described with a content type, those without a body too.
            headers: [Upstream.Header("Accept", "*/*"), Upstream.Header("Content-Type", "application/json")],
            explain: { explain($0) })
    }

    /// There is no call for the user alone; the one for the user's e-mail addresses tells the name, too. Signs in each
    /// time: it is the password that is to be proved.
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowUserEmails.html
    func account() async throws(ForgeError) -> Account {
        let wire = try await proving.value(WireUser.self, Call(.get, "/v4/user/emails"))
        guard let login = [wire.name, wire.username].compactMap(\.self).first(where: { !$0.isEmpty }) else {
            throw session.nonsense("a user without a name")
        }
        return Account(login: login, home: host.pages, avatar: "")
    }

    private struct WireUser: Decodable {
        let name: String?
        /// The user's id at IAM.
        let username: String?
    }

    /// The session's credential is the token that ``IAM`` gave.
    private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        guard case .personal(let token) = credential else {
            throw ForgeError(.unsupported, .devcloud, "CodeArts Repo's API takes no such credential.")
        }
        return [Upstream.Header("X-Auth-Token", token.exposed)]
    }
}

/// What all verbs need to make their calls.
extension CodeArts {
    private static let pageSize = 100

    /// All items of a list of version 4. A page begins at an `offset`; `X-Total` has the number of all items, at some
    /// lists. Throws ``ForgeError/Code/unavailable`` for a list that does not go on.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, _ query: [(name: String, value: String)] = []
    ) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var before: [UInt8] = []
        for _ in 0..<Session.pageLimit {
            let page = [(name: "offset", value: String(items.count)), ("limit", String(Self.pageSize))]
            let answer = try await session.send(Call(.get, path, query: query + page))
            let found = try session.decode([Wire].self, answer)
            if found.isEmpty { return items }
            guard answer.body != before else { break }
            before = answer.body
            items += found
            if let total = answer.header("X-Total").flatMap({ Int($0) }) {
                if items.count >= total { return items }
            } else if found.count < Self.pageSize {
                return items
            }
        }
        throw session.nonsense("an endless list")
    }

    /// The answer of a call, or nil where CodeArts Repo has nothing there.
    func find<Wire: Decodable>(_ type: Wire.Type = Wire.self, _ call: Call) async throws(ForgeError) -> Wire? {
        do {
            return try await session.value(type, call)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// The result of a call of version 1 or 2, which stands in an envelope: `{"result", "status", "error"}`. A failure may
    /// come with status 200.
    func result<Wire: Decodable>(_ type: Wire.Type = Wire.self, _ call: Call) async throws(ForgeError) -> Wire {
        let answer = try await session.send(call)
        let outcome = try session.decode(WireOutcome.self, answer)
        guard outcome.status?.lowercased() == "success" else { throw CodeArts.explain(failed: answer) }
        return try session.decode(WireResult<Wire>.self, answer).result
    }

    private struct WireOutcome: Decodable {
        let status: String?
    }

    private struct WireResult<Wire: Decodable>: Decodable {
        let result: Wire
    }

    /// A call with a JSON body.
    static func call(
        _ method: Upstream.Method, _ path: String, query: [(name: String, value: String)] = [],
        sending body: some Encodable, expecting expected: Set<Int>
    ) throws(ForgeError) -> Call {
        try Call(method, path, query: query, expecting: expected).sending(body, to: .devcloud)
    }
}
