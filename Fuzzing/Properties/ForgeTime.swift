// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

@testable import Forges

/// The forges' times, in a file of their own: two rooms have a `Timestamp`.
enum ForgeTime {
    static func seconds(_ text: String) -> Int64? { Timestamp.seconds(text) }

    static func text(_ seconds: Int64) -> String? { Timestamp.utc(seconds: seconds) }

    static func text(of text: String) -> String? { Timestamp.utc(text) }
}
