// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Sandbox
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// GitLab's well-known Python client against the emulated GitLab. `GATEHOUSE_PYTHON` names an interpreter that has it.
@Suite struct GitLabClientTests {
    private static let python = ProcessInfo.processInfo.environment["GATEHOUSE_PYTHON"]

    @Test(.enabled(if: python != nil, "GATEHOUSE_PYTHON names no interpreter with python-gitlab"))
    func `python-gitlab does all of its work`() async throws {
        let python = try #require(Self.python)
        try await SandboxTrial.run(.gitlab) { trial in
            let forge = trial.forge
            let ready = """
                {"forges": {"gitlab": {"host": "\(forge.host)", "login": "\(forge.login)", "token": \
                "\(forge.token.exposed)", "namespace": "\(forge.namespace)", "project": "\(forge.project)"}}}
                """
            let file = trial.folder + "/ready.json"
            try Data(ready.utf8).write(to: URL(filePath: file))
            let script = TestData.root.appending(path: "scripts/compat-gitlab.py").path
            let result = try await Subprocess.run(
                .path(FilePath(python)), arguments: [script, file], output: .string(limit: 1 << 20),
                error: .combinedWithOutput)
            #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)")
        }
    }
}
