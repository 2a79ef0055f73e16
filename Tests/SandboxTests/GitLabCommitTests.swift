// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Commits of many changes, and webhooks, at the emulated GitLab.
@Suite struct GitLabCommitTests {
    private static let repository = "/projects/\(SandboxTrial.harbour)/repository"

    private static func commit(_ actions: String, _ more: String = "") -> String {
        "{\"branch\":\"main\",\"commit_message\":\"All at once\",\"actions\":[\(actions)]\(more)}"
    }

    @Test func `one commit creates, updates, moves, deletes and changes modes`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let made = try await trial.json(
                .POST, Self.repository + "/commits",
                json: Self.commit(
                    #"{"action":"create","file_path":"new/a.txt","content":"YQo=","encoding":"base64"},"#
                        + #"{"action":"update","file_path":"new/a.txt","content":"b\n"},"#
                        + #"{"action":"update","file_path":"VERSION","content":"2.0.0\n"},"#
                        + #"{"action":"move","file_path":"moved/licence","previous_path":"LICENSE"},"#
                        + #"{"action":"delete","file_path":"THANKS"},"#
                        + #"{"action":"chmod","file_path":"README.md","execute_filemode":true},"#
                        + #"{"action":"delete","file_path":"data/bytes.bin"},{"action":"delete","file_path":"data/.keep"},"#
                        + #"{"action":"create","file_path":"data","content":"a file now"}"#), status: 201)
            #expect(made["message"]?.string == "All at once")
            #expect(made["parent_ids"]?.array?.count == 1)
            #expect(made["stats"]?["total"]?.integer ?? 0 > 0)
            let tree = try await trial.json(.GET, Self.repository + "/tree?recursive=true&per_page=100")
            let paths = Set(tree.all("path"))
            #expect(paths.isSuperset(of: ["new/a.txt", "moved/licence", "data"]))
            #expect(paths.isDisjoint(with: ["LICENSE", "THANKS", "data/.keep"]))
            #expect(try await trial.api(.GET, Self.repository + "/files/new%2Fa.txt/raw").text == "b\n")
            #expect(
                try await trial.api(.GET, Self.repository + "/files/moved%2Flicence/raw").text
                    == "Free for every ship.\n")
            let readme = tree.array?.first { $0["path"] == .string("README.md") }
            #expect(readme?["mode"]?.string == "100755")
        }
    }

    @Test func `a commit that cannot be made changes nothing and says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let commits = Self.repository + "/commits"
            let before = try await trial.json(.GET, commits + "/main")["id"]
            let good = #"{"action":"create","file_path":"good","content":"x"}"#
            for (json, sentence) in [
                (
                    Self.commit(good + #",{"action":"create","file_path":"VERSION","content":"x"}"#),
                    "A file with this name already exists"
                ),
                (Self.commit(good + "," + good), "A file with this name already exists"),
                (
                    Self.commit(#"{"action":"delete","file_path":"nothing"}"#),
                    "A file with this name doesn't exist"
                ),
                (
                    Self.commit(#"{"action":"create","file_path":"../up","content":"x"}"#),
                    "Path cannot include directory traversal"
                ),
                (Self.commit(#"{"action":"create","file_path":"","content":"x"}"#), "You must provide a file path"),
                (
                    Self.commit(#"{"action":"delete","file_path":"VERSION","last_commit_id":"abc"}"#),
                    "The file has changed since you started editing it: VERSION"
                ),
                (Self.commit(good, #","start_sha":"main""#), "Invalid start_sha 'main'"),
            ] {
                let body = try await trial.json(.POST, commits, json: json, status: 400)
                #expect(body.message == sentence)
            }
            for (json, sentence) in [
                (#"{"branch":"main","commit_message":"m"}"#, "actions is missing"),
                (#"{"branch":"main","commit_message":"m","actions":"all"}"#, "actions is invalid"),
                (
                    Self.commit(#"{"action":"burn","file_path":"x"}"#),
                    "actions[action] does not have a valid value"
                ),
                (Self.commit(#"{"action":"update","file_path":"x"}"#), "actions[content] is missing"),
                (
                    Self.commit(good, #","start_sha":"a","start_branch":"b""#),
                    "start_branch, start_sha are mutually exclusive"
                ),
            ] {
                #expect(try await trial.json(.POST, commits, json: json, status: 400).error == sentence)
            }
            #expect(try await trial.json(.GET, commits + "/main")["id"] == before)
        }
    }

    @Test func `a lock on the file's last commit holds for changing and deleting`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let commits = Self.repository + "/commits"
            let last = try await trial.json(.GET, commits + "?path=VERSION")[0]?["id"]?.string ?? ""
            let update = #"{"action":"update","file_path":"VERSION","content":"x","last_commit_id":""# + last + "\"}"
            #expect(try await trial.api(.POST, commits, json: Self.commit(update)).status == 201)
            #expect(try await trial.api(.POST, commits, json: Self.commit(update)).status == 400)
            let delete = #"{"action":"delete","file_path":"VERSION","last_commit_id":""# + last + "\"}"
            #expect(try await trial.api(.POST, commits, json: Self.commit(delete)).status == 400)
        }
    }

    @Test func `a commit begins a branch, and force sets one`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let commits = Self.repository + "/commits"
            let tagged = try await trial.json(.GET, commits + "/v0.9.0")["id"]?.string ?? ""
            let action = #"{"action":"create","file_path":"side","content":"x"}"#
            let body = #"{"branch":"side","commit_message":"m","actions":["# + action + "]"
            let first = try await trial.json(
                .POST, commits, json: body + #","start_sha":""# + tagged + "\"}", status: 201)
            #expect(first["parent_ids"] == .array([.string(tagged)]))
            #expect(
                try await trial.json(.POST, commits, json: body + #","start_branch":"main"}"#, status: 400).message
                    == "A branch called 'side' already exists. Switch to that branch in order to make changes")
            let forced = try await trial.json(
                .POST, commits, json: body + #","start_branch":"main","force":true,"stats":false}"#, status: 201)
            #expect(forced["stats"] == nil)
            #expect(try await trial.json(.GET, commits + "/side")["id"] == forced["id"])
            #expect(try await trial.json(.GET, commits + "/main")["id"] == forced["parent_ids"]?[0])
        }
    }

    @Test func `webhooks are made, changed and removed, and keep their secret`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let hooks = "/projects/\(SandboxTrial.harbour)/hooks"
            let made = try await trial.json(
                .POST, hooks,
                json: #"{"url":"https://example.com/h","token":"s3cret","tag_push_events":true,"name":"n","#
                    + #""custom_headers":[{"key":"X-A","value":"hidden"}]}"#, status: 201)
            let id = try #require(made["id"]?.integer)
            #expect(made["push_events"]?.bool == true)
            #expect(made["tag_push_events"]?.bool == true)
            #expect(made["issues_events"]?.bool == false)
            #expect(made["token"] == nil)
            #expect(made["token_present"]?.bool == true)
            #expect(made["custom_headers"] == .array([.object(["key": .string("X-A")])]))
            let text = try await trial.api(.GET, hooks).text
            #expect(!text.contains("s3cret"))
            #expect(!text.contains("hidden"))
            let changed = try await trial.json(
                .PUT, "\(hooks)/\(id)", json: #"{"push_events":false,"enable_ssl_verification":"0"}"#)
            #expect(changed["url"]?.string == "https://example.com/h")
            #expect(changed["push_events"]?.bool == false)
            #expect(changed["enable_ssl_verification"]?.bool == false)
            #expect(try await trial.json(.GET, "\(hooks)/\(id)") == changed)
            #expect(try await trial.api(.DELETE, "\(hooks)/\(id)").status == 204)
            #expect(try await trial.json(.DELETE, "\(hooks)/\(id)", status: 404).message == "404 Not found")
            #expect(try await trial.json(.GET, hooks + "/first", status: 400).error == "hook_id is invalid")
        }
    }

    @Test func `a webhook's address must lead out`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let hooks = "/projects/\(SandboxTrial.harbour)/hooks"
            for url in [
                "gopher://example.com", "example.com", "", "http://", "http://127.0.0.1:9/x", "http://localhost/",
                "https://10.1.2.3/", "http://192.168.1.1/", "http://172.20.0.1/", "http://169.254.169.254/",
                "http://[::1]/",
                "http://[fd00::1]/", "http://2130706433/", "http://a b/",
            ] {
                let body = try await trial.json(.POST, hooks, json: "{\"url\":\"\(url)\"}", status: 422)
                #expect(body.error == "Invalid url given", "\(url)")
            }
            #expect(try await trial.json(.POST, hooks, json: "{}", status: 400).error == "url is missing")
            #expect(
                try await trial.json(.POST, hooks, json: #"{"url":"https://e.com","push_events":"often"}"#, status: 400)
                    .error == "push_events is invalid")
        }
    }
}
