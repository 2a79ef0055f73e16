// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport

@testable import Forges

extension GoodForge {
    static func bitbucket(_ request: Upstream.Request) throws -> Upstream.Response? {
        nil
    }
}
