// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import Testing

@Suite struct SandboxTests {
    @Test func `a sandbox listens and forgets itself`() async throws {
        try await SandboxTrial.run(.github) { trial in
            let answer = try await trial.send(.GET, "/api/v3/nothing")
            #expect(answer.status == 404)
        }
    }
}
