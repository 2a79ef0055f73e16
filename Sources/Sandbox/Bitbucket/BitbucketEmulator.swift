// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// An emulated Bitbucket Cloud.
/// https://developer.atlassian.com/cloud/bitbucket/rest/
struct BitbucketEmulator: ForgeEmulator {
    let backend: ForgeBackend

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        ForgeAnswer(
            .json(["type": "error", "error": ["message": "Resource not found"]], status: .notFound), route: "none")
    }
}
