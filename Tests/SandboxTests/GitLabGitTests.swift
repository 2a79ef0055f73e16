// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Real git against the emulated GitLab, over HTTP.
@Suite struct GitLabGitTests {
    private static func address(_ trial: SandboxTrial, _ path: String, _ user: String, _ password: String) -> String {
        trial.forge.host.replacing("://", with: "://\(user):\(password)@") + "/" + path
    }

    private static func commit(in folder: String, _ file: String) async throws {
        try Data("pushed\n".utf8).write(to: URL(filePath: "\(folder)/\(file)"))
        _ = try await runGit(["add", file], in: folder)
        let made = try await runGit(["commit", "-qm", "Push \(file)"], in: folder)
        #expect(made.isDone, "\(made.output)")
    }

    @Test func `a project three groups deep is cloned and pushed to`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let token = trial.forge.token.exposed
            let project = "fleet/north/quay/tugboat"
            for (index, address) in [
                Self.address(trial, project + ".git", "oauth2", token), Self.address(trial, project, "anyone", token),
                Self.address(trial, project + ".git", "octavia", trial.forge.signIn.password.exposed),
            ].enumerated() {
                let cloned = try await runGit(["clone", "-q", address, "clone-\(index)"], in: trial.folder)
                #expect(cloned.isDone, "\(cloned.output)")
            }
            let folder = trial.folder + "/clone-0"
            try await Self.commit(in: folder, "pushed.txt")
            _ = try await runGit(["tag", "-a", "v5", "-m", "Five"], in: folder)
            let pushed = try await runGit(
                ["push", "-q", "--follow-tags", "origin", "main", "main:refs/heads/topic/x"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            let api = "/projects/fleet%2Fnorth%2Fquay%2Ftugboat/repository"
            #expect(try await trial.api(.GET, api + "/files/pushed.txt/raw?ref=topic%2Fx").text == "pushed\n")
            #expect(try await trial.json(.GET, api + "/tags/v5")["message"]?.string == "Five")
        }
    }

    @Test func `an empty project takes its first branch from a push`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let address = Self.address(trial, "octavia/empty-dock.git", "oauth2", trial.forge.token.exposed)
            let folder = trial.folder + "/fresh"
            _ = try await runGit(["init", "-q", "-b", "trunk", "fresh"], in: trial.folder)
            try await Self.commit(in: folder, "a.txt")
            let pushed = try await runGit(["push", "-q", address, "trunk"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            let project = try await trial.json(.GET, "/projects/octavia%2Fempty-dock")
            #expect(project["default_branch"]?.string == "trunk")
        }
    }

    @Test func `nobody clones or pushes without the right to it`() async throws {
        let reader = SandboxToken(forge: .gitlab, token: Secret("glpat-reader"), scopes: ["read_repository"])
        let user = SandboxToken(forge: .gitlab, token: Secret("glpat-user"), scopes: ["read_user"])
        try await SandboxTrial.run(.gitlab, { $0.tokens = [reader, user] }) { trial in
            for (path, password) in [
                ("octavia/harbour.git", "wrong"), ("octavia/harbour.git", "glpat-user"),
                ("marlow/secret-cove.git", trial.forge.token.exposed), ("no/such.git", trial.forge.token.exposed),
            ] {
                let cloned = try await runGit(
                    ["clone", "-q", Self.address(trial, path, "oauth2", password), "no"], in: trial.folder)
                #expect(!cloned.isDone, "\(path)")
            }
            #expect(
                try await runGit(["clone", "-q", trial.forge.host + "/octavia/harbour.git", "no"], in: trial.folder)
                    .isDone == false)
            #expect(
                try await runGit(
                    ["clone", "-q", trial.forge.host + "/octavia/open-water.git", "open"], in: trial.folder
                ).isDone)
            let asked = try await trial.send(.GET, "/octavia/harbour.git/info/refs?service=git-upload-pack")
            #expect(asked.status == 401)
            #expect(asked.header("WWW-Authenticate") == "Basic realm=\"GitLab\"")
            let address = Self.address(trial, "octavia/harbour.git", "oauth2", "glpat-reader")
            #expect(try await runGit(["clone", "-q", address, "read"], in: trial.folder).isDone)
            let folder = trial.folder + "/read"
            try await Self.commit(in: folder, "x")
            #expect(try await runGit(["push", "-q", "origin", "main"], in: folder).isDone == false)
        }
    }

    @Test func `a protected branch and tag take no push from a developer`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let address = Self.address(trial, SandboxSeed.guardedProject + ".git", "oauth2", trial.forge.token.exposed)
            _ = try await runGit(["clone", "-q", address, "guarded"], in: trial.folder)
            let folder = trial.folder + "/guarded"
            try await Self.commit(in: folder, "x")
            let main = try await runGit(["push", "origin", "main"], in: folder)
            #expect(!main.isDone)
            #expect(
                main.output.contains("GitLab: You are not allowed to push code to protected branches on this project."))
            #expect(main.output.contains("pre-receive hook declined"))
            let tag = try await runGit(["push", "origin", "main:refs/tags/v1"], in: folder)
            #expect(tag.output.contains("You are not allowed to create this tag as it is protected."))
            let topic = try await runGit(["push", "origin", "main:refs/heads/topic"], in: folder)
            #expect(topic.isDone, "\(topic.output)")
            let api = "/projects/pilots%2Flighthouse/repository"
            #expect(try await trial.json(.GET, api + "/branches").all("name") == ["main", "topic"])
            #expect(try await trial.json(.GET, api + "/tags").array == [])
            let gone = try await runGit(["push", "origin", ":main"], in: folder)
            #expect(gone.output.contains("The default branch of a project cannot be deleted."))
        }
    }
}
