// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The policies that there always are, by the names that ServiceStage's have.
/// https://support.huaweicloud.com/en-us/productdesc-servicestage/ss_productdesc_0006.html
package enum SystemPolicy: String, CaseIterable, Sendable {
    case fullAccess = "FullAccess"
    case readOnlyAccess = "ReadOnlyAccess"
    case development = "Development"

    /// What it is for, in one line.
    package var summary: String {
        switch self {
        case .fullAccess: "everything in the project"
        case .readOnlyAccess: "reading everything in the project, changing nothing"
        case .development: "authorizations and repositories, without use-policies and the record"
        }
    }

    package var document: String {
        switch self {
        case .fullAccess:
            """
            {
              "Version": "1.1",
              "Statement": [
                {"Effect": "Allow", "Action": ["servicestage:*:*", "gatehouse:*:*"]}
              ]
            }
            """
        case .readOnlyAccess:
            """
            {
              "Version": "1.1",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": [
                    "servicestage:*:list", "servicestage:*:get", "gatehouse:repository:read", "gatehouse:usePolicy:get",
                    "gatehouse:audit:list"
                  ]
                }
              ]
            }
            """
        case .development:
            """
            {
              "Version": "1.1",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": ["servicestage:app:*", "gatehouse:repository:*", "gatehouse:usePolicy:get"]
                }
              ]
            }
            """
        }
    }

    /// Read once. One that cannot be read would allow nothing; a test reads them all.
    package static let policies: [String: Policy] = {
        var policies: [String: Policy] = [:]
        for system in allCases {
            do {
                policies[system.rawValue] = try Policy(system.document)
            } catch {
                policies[system.rawValue] = Policy(statements: [])
            }
        }
        return policies
    }()
}

/// The name of a policy of the operator's: 1 to 64 letters, digits, `.`, `_` and `-`.
package struct PolicyName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...64).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    package var description: String { text }
}
