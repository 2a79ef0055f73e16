// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Model
import NIOHTTP1
import Sandbox
import Synchronization
import Testing
import TestSupport

@Suite struct SandboxTests {
    @Test func `every forge listens once the sandbox is ready`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gatehouse-trial-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SandboxOptions(stateDirectory: folder)
        options.logger.logLevel = .critical
        try await SandboxTrial.run(options, folder: folder) { trial in
            #expect(trial.sandbox.forges.map(\.forge) == ForgeID.allCases)
            #expect(Set(trial.sandbox.forges.map(\.host)).count == ForgeID.allCases.count)
            for forge in trial.sandbox.forges {
                let answer = try await trial.send(.GET, forge.host + "/no/such/page")
                #expect(answer.status == 404)
            }
        }
    }

    @Test func `a sandbox that keeps nothing leaves nothing`() async throws {
        try await SandboxTrial.run(.github) { trial in
            #expect(FileManager.default.fileExists(atPath: trial.folder + "/state/github"))
            Self.lastFolder.withLock { $0 = trial.folder }
        }
        let folder = Self.lastFolder.withLock { $0 }
        #expect(!folder.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder + "/state/github"))
    }

    private static let lastFolder = Mutex("")

    @Test func `a kept sandbox knows its tokens, repositories and hooks again`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gatehouse-trial-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SandboxOptions(stateDirectory: folder + "/state")
        options.keepsState = true
        options.forges = [.github]
        options.logger.logLevel = .critical
        let first = Mutex<[String]>([])
        try await SandboxTrial.run(options, folder: folder) { trial in
            let hub = GitHubClient(trial)
            #expect(try await hub.put("kept.txt", "kept").status == 201)
            let made = try await hub.send(.POST, "/user/repos", #"{"name":"kept"}"#)
            #expect(made.status == 201)
            let hook = try await hub.send(
                .POST, "/repos/octavia/harbour/hooks", #"{"config":{"url":"https://example.com/kept"}}"#)
            #expect(hook.status == 201)
            first.withLock { $0 = [trial.forge.token.exposed, trial.forge.oauthClientID] }
        }
        try await SandboxTrial.run(options, folder: folder) { trial in
            #expect(first.withLock { $0 } == [trial.forge.token.exposed, trial.forge.oauthClientID])
            let hub = GitHubClient(trial)
            #expect(try await hub.get("/repos/octavia/harbour/contents/kept.txt").status == 200)
            #expect(try await hub.get("/repos/octavia/kept").status == 200)
            let hooks = try await hub.get("/repos/octavia/harbour/hooks").json()
            #expect(hooks[0]?["config"]?["url"]?.string == "https://example.com/kept")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/state/github/accounts.json")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func `a state that is none is refused by name`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gatehouse-trial-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/github", withIntermediateDirectories: true)
        try Data("no state".utf8).write(to: URL(filePath: folder + "/github/accounts.json"))
        var options = SandboxOptions(stateDirectory: folder)
        options.keepsState = true
        options.forges = [.github]
        let error = await #expect(throws: SandboxError.self) { try await Sandbox.make(options) }
        guard case .stateUnusable(let text)? = error else {
            Issue.record("not a refusal of the state")
            return
        }
        #expect(text.contains(folder))
    }

    @Test func `a taken port is refused by its number`() async throws {
        try await SandboxTrial.run(.github) { trial in
            let port = try #require(URL(string: trial.forge.host)?.port)
            var options = SandboxOptions(stateDirectory: trial.folder + "/other")
            options.forges = [.gitlab]
            options.firstPort = port
            await #expect(throws: SandboxError.portTaken(port)) { try await Sandbox.make(options) }
        }
    }

    @Test func `requests are counted by route and hold no secrets`() async throws {
        try await withGitHub { hub in
            _ = try await hub.get("/repos/octavia/harbour/branches?access_token=planted-canary")
            let entry = try #require(hub.trial.forge.requests.entries.last)
            #expect(entry.route == "GET /repos/:owner/:repo/branches")
            #expect(entry.status == 200)
            #expect(!"\(hub.trial.forge.requests.entries)".contains("planted-canary"))
            #expect(!"\(hub.trial.forge)".contains(hub.trial.forge.token.exposed))
        }
    }
}
