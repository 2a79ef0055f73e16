// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
package import Model
import Storage

extension Identity {
    /// The furthest that a signature's time may be from ours, either way, in seconds.
    static let allowedSkew: Int64 = 15 * 60

    private static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// Who signed a request with `SDK-HMAC-SHA256`.
    ///
    /// `x-sdk-date` must be signed; `host`, `content-type`, `x-project-id` need not, since known clients leave them out.
    /// - Throws: ``AccessError/Code/unauthenticated`` for anything wrong with the signature, ``AccessError/Code/otherTenant``
    ///   when `X-Project-Id` is not the signer's project, ``AccessError/Code/unavailable``.
    package func caller(signing request: SignedRequest) async throws(AccessError) -> Caller {
        let header = try Self.signatureHeader(of: request)
        let date = try checkedDate(of: request, header)
        guard request.headers("x-security-token").allSatisfy(\.isEmpty) else {
            throw SignatureHeader.refused(
                "temporary access keys (X-Security-Token) are not offered; sign with a permanent access key")
        }
        let signed = try Self.signedHeaders(of: request, header)
        let payloads = try Self.payloads(of: request)
        let entry = try await stored { () async throws(StoreError) in try await vault.accessKey(header.accessKey) }
        guard let entry else { throw SignatureHeader.refused("ak \(header.accessKey) not exist") }

        let key = SymmetricKey(data: Data(entry.secret.exposed.utf8))
        let forms: [CanonicalRequest.PathForm] =
            request.path.utf8.contains(UInt8(ascii: "%")) ? [.decoded, .raw] : [.decoded]
        for form in forms {
            for payload in payloads {
                let canonical = CanonicalRequest(
                    method: request.method, path: request.path, form: form, query: request.query, signedHeaders: signed,
                    payload: payload)
                // The library compares in constant time.
                if HMAC<SHA256>.isValidAuthenticationCode(
                    header.signature, authenticating: canonical.stringToSign(date: date), using: key)
                {
                    try Self.check(projectOf: request, is: entry.tenant)
                    return Caller(user: entry.user, tenant: entry.tenant)
                }
            }
        }
        throw SignatureHeader.refused(
            "verify aksk signature fail: the secret key (SK) is not this access key's, "
                + "or the method, path, query, a signed header or the body changed on the way")
    }

    /// Whether a signed request can be good as far as its headers tell: its form, its time and its access key. For a request whose
    /// body is not read yet.
    /// - Throws: as ``caller(signing:)``.
    package func checkAccessKey(of request: SignedRequest) async throws(AccessError) {
        let header = try Self.signatureHeader(of: request)
        _ = try checkedDate(of: request, header)
        let entry = try await stored { () async throws(StoreError) in try await vault.accessKey(header.accessKey) }
        guard entry != nil else { throw SignatureHeader.refused("ak \(header.accessKey) not exist") }
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
                "the request has no credentials; send X-Auth-Token or sign it with \(SignatureHeader.algorithm)")
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

    /// What may stand for the body in the canonical request. `X-Sdk-Content-Sha256` is taken only where it tells the truth
    /// about the bytes that came, or waives them. Libraries differ about an empty body: Python's signs its hash even then,
    /// Go's the header.
    private static func payloads(of request: SignedRequest) throws(AccessError) -> [String] {
        let actual = Hexadecimal.encode(request.body.bytes)
        let claims = request.headers("x-sdk-content-sha256")
        guard let claim = claims.first else { return [actual] }
        guard claims.count == 1 else {
            throw SignatureHeader.refused("the request has more than one X-Sdk-Content-Sha256 header")
        }
        if claim == unsignedPayload { return request.body.isEmpty ? [claim, actual] : [claim] }
        guard claim.lowercased() == actual else {
            throw SignatureHeader.refused("X-Sdk-Content-Sha256 is not the SHA-256 of the body that arrived")
        }
        return claim == actual ? [actual] : [claim, actual]
    }
}
