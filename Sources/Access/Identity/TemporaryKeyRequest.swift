// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Model
import Storage

/// The body of `POST /v3.0/OS-CREDENTIAL/securitytokens`, read and found sound.
/// https://support.huaweicloud.com/intl/en-us/api-iam/iam_04_0002.html
package struct TemporaryKeyRequest: Sendable {
    /// In seconds.
    package static let durations: ClosedRange<Int64> = 900...86400

    /// The token that the body holds; nil where the one in `X-Auth-Token` is meant.
    package let token: Secret?
    /// How long the key is good, in seconds.
    package let duration: Int64

    package init(token: Secret? = nil, duration: Int64 = durations.lowerBound) {
        self.token = token
        self.duration = duration
    }

    /// Unknown members are left aside. Not so `policy`: a key that may do more than was asked for would be given.
    /// - Throws: ``AccessError/Code/invalidRequest`` with a sentence that names the member.
    package init(json: Data) throws(AccessError) {
        let identity = try KeystoneAuthRequest.read(Wire.self, json).auth.identity
        guard identity.methods == ["token"] else {
            throw KeystoneAuthRequest.invalid("auth.identity.methods must be [\"token\"]; agencies are not offered")
        }
        guard identity.policy == nil else {
            throw KeystoneAuthRequest.invalid("auth.identity.policy is not offered; leave it out")
        }
        if let id = identity.token?.id {
            token = Secret(try KeystoneAuthRequest.required(id, "auth.identity.token.id"))
        } else {
            token = nil
        }
        let seconds = identity.token?.durationSeconds ?? Double(Self.durations.lowerBound)
        guard let duration = Int64(exactly: seconds), Self.durations.contains(duration) else {
            throw KeystoneAuthRequest.invalid(
                "auth.identity.token.duration_seconds must be a whole number from 900 to 86400")
        }
        self.duration = duration
    }

    private struct Wire: Decodable {
        let auth: Auth

        struct Auth: Decodable {
            let identity: Identity
        }

        struct Identity: Decodable {
            let methods: [String]
            let token: Token?
            let policy: Anything?
        }

        struct Token: Decodable {
            let id: String?
            /// Read as any number, so that one that is not whole is told from what is no JSON.
            let durationSeconds: Double?

            enum CodingKeys: String, CodingKey {
                case id
                case durationSeconds = "duration_seconds"
            }
        }

        /// Of any form.
        struct Anything: Decodable {
            init(from _: any Decoder) {}
        }
    }
}

/// The body that answers it.
package struct TemporaryKeyAnswer: Sendable, Encodable {
    struct Credential: Sendable, Encodable {
        let access: String
        let secret: String
        let securitytoken: String
        let expiresAt: String

        enum CodingKeys: String, CodingKey {
            case access, secret, securitytoken
            case expiresAt = "expires_at"
        }
    }

    let credential: Credential

    package init(_ issued: IssuedTemporaryKey) {
        credential = Credential(
            access: issued.key.id, secret: issued.secret.exposed, securitytoken: issued.token.exposed,
            expiresAt: Timestamp.microseconds(milliseconds: issued.key.temporary?.expires ?? issued.key.created))
    }

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }
}
