// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model
import Storage

/// Who signed a request.
package struct Signer: Sendable {
    package let caller: Caller
    /// nil for a request that only reads.
    let use: SignatureUse?
}

extension Identity {
    /// The furthest that a signature's time may be from ours, either way, in seconds.
    static let allowedSkew: Int64 = 15 * 60

    private static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// For how long a signature that comes again is taken for its sender's own second request, in seconds.
    ///
    /// `X-Sdk-Date` has whole seconds, so a client that sends one request twice within one has one signature for both, and so
    /// has one that repeats a failed request at once.
    static let tolerance: Int64 = 2

    /// Who signed a request.
    ///
    /// `x-sdk-date` must be signed; `host`, `content-type`, `x-project-id` and `x-security-token` need not, since known clients
    /// leave them out. Of a request that changes something, the signature is used up.
    /// - Throws: ``AccessError/Code/unauthenticated`` for anything wrong with the signature, ``AccessError/Code/otherTenant``
    ///   when `X-Project-Id` is not the signer's project, ``AccessError/Code/unavailable``.
    package func signer(of request: SignedRequest) async throws(AccessError) -> Signer {
        let header = try Self.signatureHeader(of: request)
        let date = try checkedDate(of: request, header)
        let signed = try Self.signedHeaders(of: request, header)
        let payloads = try Self.payloads(of: request, header.algorithm.hash)
        let entry = try await entry(of: request, header)
        let key = try VerifyingKey(header, secret: entry.secret.exposed)
        let forms: [CanonicalRequest.PathForm] =
            request.path.utf8.contains(UInt8(ascii: "%")) ? [.decoded, .raw] : [.decoded]
        for form in forms {
            for payload in payloads {
                let canonical = CanonicalRequest(
                    method: request.method, path: request.path, form: form, query: request.query, signedHeaders: signed,
                    payload: payload)
                let text = canonical.stringToSign(header.algorithm, date: date, scope: header.scope)
                guard key.verifies(header.signature, of: text) else { continue }
                try Self.check(projectOf: request, is: entry.tenant)
                let use = try await useUp(header, date: date, of: request, wholly: payload != Self.unsignedPayload)
                return Signer(
                    caller: Caller(user: entry.user, tenant: entry.tenant, roles: entry.user.roles), use: use)
            }
        }
        throw SignatureHeader.refused(
            "verify aksk signature fail: the secret key (SK) is not this access key's, "
                + "or the method, path, query, a signed header or the body changed on the way")
    }

    /// As ``signer(of:)``.
    package func caller(signing request: SignedRequest) async throws(AccessError) -> Caller {
        try await signer(of: request).caller
    }

    /// Lets a signature be used again: for a request that was answered with “later”, so that nothing was changed.
    package func release(_ signer: Signer) async throws(AccessError) {
        guard let use = signer.use else { return }
        try await stored { () async throws(StoreError) in try await store.release(use) }
    }

    /// Whether a signed request can be good as far as its headers tell: its form, its time and its access key. For a request whose
    /// body is not read yet.
    /// - Throws: as ``signer(of:)``.
    package func checkAccessKey(of request: SignedRequest) async throws(AccessError) {
        let header = try Self.signatureHeader(of: request)
        _ = try checkedDate(of: request, header)
        _ = try await entry(of: request, header)
    }

    /// The access key that a request names, where it is good as far as one can tell without the signature.
    private func entry(
        of request: SignedRequest, _ header: SignatureHeader
    ) async throws(AccessError) -> AccessKeyEntry {
        let tokens = request.headers("x-security-token").filter { !$0.isEmpty }
        guard tokens.count <= 1 else {
            throw SignatureHeader.refused("the request has more than one X-Security-Token header")
        }
        let entry = try await stored { () async throws(StoreError) in try await vault.accessKey(header.accessKey) }
        guard let entry else { throw SignatureHeader.refused("ak \(header.accessKey) not exist") }
        try check(entry.key, with: tokens.first)
        return entry
    }

    /// A temporary key goes with its security token. The token need not be among the signed headers: it is matched with the
    /// key, and another one in its place is refused.
    private func check(_ key: AccessKey, with token: String?) throws(AccessError) {
        guard let temporary = key.temporary else {
            guard token == nil else {
                throw SignatureHeader.refused(
                    "the access key is a permanent one, which has no X-Security-Token; leave the header out")
            }
            return
        }
        guard let token else {
            throw SignatureHeader.refused(
                "a temporary access key is used with its security token; send it in X-Security-Token")
        }
        guard Data(digestOf: token).isEqualInConstantTime(to: temporary.tokenDigest) else {
            throw SignatureHeader.refused("the X-Security-Token is not this temporary access key's")
        }
        guard clock.milliseconds < temporary.expires else {
            throw SignatureHeader.refused(
                "the temporary access key has expired; get a new one: POST /v3.0/OS-CREDENTIAL/securitytokens")
        }
    }

    /// Remembers the signature of a request that changes something.
    /// - Parameter wholly: whether the signature covers the body.
    /// - Returns: nil for a request that only reads.
    private func useUp(
        _ header: SignatureHeader, date: String, of request: SignedRequest, wholly: Bool
    ) async throws(AccessError) -> SignatureUse? {
        let method = request.method.uppercased()
        guard method != "GET", method != "HEAD", let signed = Timestamp.parse(basic: date) else { return nil }
        let isRepeatable = header.algorithm.isDeterministic && wholly
        let use = SignatureUse(
            digest: Data(digestOf: "\(header.accessKey) \(Hexadecimal.encode(header.identity))"),
            expires: (signed + Self.allowedSkew) * 1000, tolerance: isRepeatable ? Self.tolerance * 1000 : 0)
        let now = clock.milliseconds
        let isGood = try await stored { () async throws(StoreError) in try await store.use(use, now: now) }
        guard isGood else {
            throw SignatureHeader.refused(
                "this signature has been used already, and a request that changes something is accepted once; sign it anew"
            )
        }
        return use
    }

    /// A request from another tenant's project, by `X-Project-Id`. Where the header is absent nothing is claimed.
    static func check(projectOf request: SignedRequest, is tenant: Tenant) throws(AccessError) {
        for project in request.headers("x-project-id") where !project.isEmpty && project != tenant.id.text {
            throw AccessError(
                .otherTenant, "X-Project-Id names a project that is not the caller's. Use \(tenant.id) or leave it out."
            )
        }
    }

    private static func signatureHeader(of request: SignedRequest) throws(AccessError) -> SignatureHeader {
        let values = request.headers("authorization")
        guard let value = values.first else {
            throw SignatureHeader.refused(
                "the request has no credentials; send X-Auth-Token or sign it with \(SigningAlgorithm.hmac.rawValue)")
        }
        guard values.count == 1 else {
            throw SignatureHeader.refused("the request has more than one Authorization header")
        }
        return try SignatureHeader(value)
    }

    /// The text of `X-Sdk-Date`, where it is signed and near our time.
    private func checkedDate(of request: SignedRequest, _ header: SignatureHeader) throws(AccessError) -> String {
        let values = request.headers("x-sdk-date")
        guard values.count == 1, let value = values.first else {
            throw SignatureHeader.refused("the request needs one X-Sdk-Date header, like 20250102T030405Z, in UTC")
        }
        guard let signed = Timestamp.parse(basic: value) else {
            throw SignatureHeader.refused("X-Sdk-Date is not of the form 20250102T030405Z")
        }
        guard header.signedHeaders.contains("x-sdk-date") else {
            throw SignatureHeader.refused("x-sdk-date is not among the signed headers")
        }
        if let scope = header.scope,
            scope.prefix(8) != value.prefix(8) || scope.utf8.dropFirst(8).first != UInt8(ascii: "/")
        {
            throw SignatureHeader.refused("the day of Credential is not that of X-Sdk-Date")
        }
        let now = clock.milliseconds
        guard abs(now - signed * 1000) <= Self.allowedSkew * 1000 else {
            throw SignatureHeader.refused(
                "calc aksk signature fail:signature expired, signature time:\(value),"
                    + "server time:\(Timestamp.basic(seconds: now / 1000)); set the machine's clock")
        }
        return value
    }

    private static func signedHeaders(
        of request: SignedRequest, _ header: SignatureHeader
    ) throws(AccessError) -> [(name: String, values: [String])] {
        var signed: [(name: String, values: [String])] = []
        for name in header.signedHeaders {
            let values = request.headers(name)
            guard !values.isEmpty else {
                throw SignatureHeader.refused("the signed header \(name) did not arrive")
            }
            signed.append((name, values))
        }
        return signed
    }

    /// What may stand for the body in the canonical request. `X-Sdk-Content-Sha256`, or `-Sm3`, is taken only where it tells the
    /// truth about the bytes that came, or waives them. Libraries differ about an empty body: Python's signs its hash even then,
    /// Go's the header.
    private static func payloads(of request: SignedRequest, _ hash: SigningHash) throws(AccessError) -> [String] {
        let actual = Hexadecimal.encode(request.body.digest(by: hash))
        let claims = request.headers(hash.contentHeader.lowercased())
        guard let claim = claims.first else { return [actual] }
        guard claims.count == 1 else {
            throw SignatureHeader.refused("the request has more than one \(hash.contentHeader) header")
        }
        if claim == unsignedPayload { return request.body.isEmpty ? [claim, actual] : [claim] }
        guard claim.lowercased() == actual else {
            throw SignatureHeader.refused("\(hash.contentHeader) is not the \(hash.name) of the body that arrived")
        }
        return claim == actual ? [actual] : [claim, actual]
    }
}
