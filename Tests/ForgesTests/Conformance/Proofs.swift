// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Forges

extension Upstream.Request {
    /// The values of all headers, those of Basic authorization as the user and password in them.
    var proofs: [String] {
        headers.map { header in
            guard header.value.hasPrefix("Basic "), let pair = Data(base64Encoded: String(header.value.dropFirst(6)))
            else { return header.value }
            return String(decoding: pair, as: UTF8.self)
        }
    }
}
