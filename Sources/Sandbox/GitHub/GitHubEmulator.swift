// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// An emulated GitHub.
struct GitHubEmulator: ForgeEmulator {
    let backend: ForgeBackend

    func respond(to request: ForgeRequest) async -> ForgeAnswer {
        ForgeAnswer(.json(["message": "Not Found"], status: .notFound), route: "none")
    }
}
