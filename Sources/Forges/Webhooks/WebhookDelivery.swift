// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a forge sends to a webhook's address, as it came: nothing of it is believed yet.
package struct WebhookDelivery: Sendable {
    package var headers: [Upstream.Header]
    /// The bytes of the body, before anything has decoded or changed them: signatures are over these.
    package var body: [UInt8]

    package init(headers: [Upstream.Header], body: [UInt8]) {
        self.headers = headers
        self.body = body
    }

    /// The value of a header that must be there once. Of two, two readers may take different ones.
    func header(_ name: String) throws(WebhookRefusal) -> String {
        let found = headers.filter { $0.name.lowercased() == name.lowercased() }
        guard let first = found.first else { throw .headerMissing(name) }
        guard found.count == 1 else { throw .headerRepeated(name) }
        guard !first.value.isEmpty else { throw .headerMissing(name) }
        return first.value
    }
}

/// Why a delivery is not believed. None of it is told to whoever sent it: the answer to all is the same.
package enum WebhookRefusal: Error, Sendable, Hashable {
    /// The receiver has no secret for this webhook, or none of the form that the forge gives: everybody could sign with an
    /// empty one. Make the webhook anew.
    case secretMissing
    /// The header is absent or empty: the webhook was made without a secret, or the forge did not send this.
    case headerMissing(String)
    /// The header is there more than once, which no forge does.
    case headerRepeated(String)
    /// The header's value is not of the form that the forge writes.
    case headerMalformed(String)
    /// Signature or secret are not right: another secret, or another body than the one that was signed.
    case mismatch
    /// The delivery was signed too long ago, or in the future: sent again by somebody, or a clock is wrong.
    case stale
}
