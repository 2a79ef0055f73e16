// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// One host's API, spoken with one credential: what every adapter is built on.
///
/// - The credential is put only on requests to the API's own origin; an address of another origin is refused before
///   anything is sent.
/// - A 401 is answered once by asking the ``CredentialSource`` for another credential; the call is then repeated once. Where a
///   forge has 401 for other refusals, too, ``Session/refuses`` tells them apart.
/// - A redirect (301, 302, 307, 308) within the origin is followed, at most ``Session/redirectLimit`` times; GitHub and GitLab answer
///   so for renamed repositories. To another origin it is an error.
/// - Paging reads to the end; a page seen twice, or more than ``Session/pageLimit`` pages, is an error.
struct Session: Sendable {
    static let redirectLimit = 3
    static let pageLimit = 10_000

    let forge: ForgeID
    /// The API's address without a slash at its end.
    let base: String
    let upstream: Upstream
    let source: CredentialSource
    /// The headers that carry a credential. Throws ``ForgeError/Code/unsupported`` for a kind that the forge does not take.
    let authenticate: @Sendable (Credential) throws(ForgeError) -> [Upstream.Header]
    /// The headers of every request besides; a call's own of the same name stand in their place.
    let headers: [Upstream.Header]
    /// What an answer of an unexpected status means.
    let explain: @Sendable (Upstream.Response) -> ForgeError
    /// Whether an answer speaks against the credential: 401, except at a forge that has it for other things as well.
    var refuses: @Sendable (Upstream.Response) -> Bool = { $0.status == 401 }

    /// Makes a call. Throws ``explain``'s error for a status that the call does not expect.
    func send(_ call: Call) async throws(ForgeError) -> Upstream.Response {
        let credential = try await source.current()
        var response = try await send(call, with: credential)
        if refuses(response), let other = try await source.renewed(credential) {
            response = try await send(call, with: other)
        }
        switch response.status {
        case _ where refuses(response): await source.proved(false)
        case 200..<300: await source.proved(true)
        default: break
        }
        guard call.expected.contains(response.status) else { throw explain(response) }
        return response
    }

    /// Makes a call and decodes the JSON of its answer. What is no such JSON is ``ForgeError/Code/unavailable``.
    func value<Wire: Decodable>(_ type: Wire.Type = Wire.self, _ call: Call) async throws(ForgeError) -> Wire {
        try decode(type, try await send(call))
    }

    /// All items of a paged list, following `Link: <…>; rel="next"`.
    func list<Wire: Decodable>(of type: Wire.Type = Wire.self, _ call: Call) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var seen: Set<String> = []
        var next: Call? = call
        while let call = next {
            guard seen.count < Self.pageLimit, seen.insert(try address(of: call)).inserted else {
                throw nonsense("an endless list")
            }
            let response = try await send(call)
            items += try decode([Wire].self, response)
            next = nil
            if let link = LinkHeader.next(in: response) {
                let page = try resolved(link, against: try address(of: call))
                next = Call(.get, page, headers: call.headers, expecting: call.expected)
            }
        }
        return items
    }

    func decode<Wire: Decodable>(_ type: Wire.Type, _ response: Upstream.Response) throws(ForgeError) -> Wire {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw nonsense("something that is not the documented JSON", status: response.status)
        }
    }

    /// The forge answered what makes no sense. `what` completes "GitHub answered …" and holds nothing of the answer.
    func nonsense(_ what: String, status: Int? = nil) -> ForgeError {
        ForgeError(
            .unavailable, forge, "\(forge.displayName) answered \(what). Check the host, then try again later.",
            upstreamStatus: status)
    }

    private func send(_ call: Call, with credential: Credential) async throws(ForgeError) -> Upstream.Response {
        let proof = try authenticate(credential)
        guard proof.allSatisfy({ header in header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }) else {
            throw ForgeError(
                .credentialRejected, forge, "The credential holds characters that no header can carry. Copy it again.")
        }
        let own = Set(call.headers.map { $0.name.lowercased() })
        let general = headers.filter { !own.contains($0.name.lowercased()) }
        var request = Upstream.Request(
            call.method, try address(of: call), headers: general + call.headers + proof, body: call.body)
        var response = try await upstream.send(request, to: forge)
        var redirects = 0
        while [301, 302, 307, 308].contains(response.status), let location = response.header("Location") {
            redirects += 1
            guard redirects <= Self.redirectLimit else { throw nonsense("one redirect after another") }
            request.url = try sameOrigin(resolved(location, against: request.url))
            response = try await upstream.send(request, to: forge)
        }
        return response
    }

    private func address(of call: Call) throws(ForgeError) -> String {
        guard !call.path.hasDotSegment else {
            throw ForgeError(.invalidRequest, forge, "A name or path has a part . or .., which is not allowed.")
        }
        var address = try sameOrigin(call.path.hasPrefix("/") ? base + call.path : call.path)
        if !call.query.isEmpty {
            let query = call.query.map { PercentEncoding.segment($0.name) + "=" + PercentEncoding.segment($0.value) }
            address += (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query.joined(separator: "&")
        }
        return address
    }

    /// An address that the forge gave in a `Location` or `Link`, which may be relative to that of the request.
    private func resolved(_ address: String, against request: String) throws(ForgeError) -> String {
        guard let own = URL(string: request), let url = URL(string: address, relativeTo: own) else {
            throw nonsense("with an address that is none")
        }
        return url.absoluteString
    }

    private func sameOrigin(_ address: String) throws(ForgeError) -> String {
        guard let own = Origin(base), Origin(address) == own else {
            throw nonsense("with an address at another host, which is not followed")
        }
        return address
    }
}

extension String {
    /// Whether the path of an address has a part `.` or `..`, also in percent-encoding: it would be resolved on the way, and
    /// lead elsewhere than it seems to.
    fileprivate var hasDotSegment: Bool {
        prefix { $0 != "?" && $0 != "#" }.split(separator: "/").contains { part in
            let plain = part.lowercased().replacing("%2e", with: ".")
            return plain == "." || plain == ".."
        }
    }
}
