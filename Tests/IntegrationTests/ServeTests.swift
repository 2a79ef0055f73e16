// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOHTTP1
import Testing

/// `gatehouse serve` as an operator runs it: settings, tenants and users by command, a log, a shutdown.
@Suite(.serialized) struct ServeTests {
    /// A store and a key of a test's own, and the settings that name them.
    private struct Site {
        let directory: TemporaryDirectory
        let environment: [String: String]

        init() throws {
            directory = try TemporaryDirectory()
            environment = [
                "GATEHOUSE_STORE_PATH": directory.url.path + "/data/store.sqlite",
                "GATEHOUSE_MASTER_KEY_FILE": directory.url.path + "/keys/master.key", "GATEHOUSE_LOG_LEVEL": "trace",
                "GATEHOUSE_NETWORK_ALLOW": "127.0.0.0/8",
            ]
        }

        func run(_ arguments: String...) throws -> (status: Int32, output: String) {
            try GatehouseProcess.run(arguments, in: directory.url, environment: environment)
        }

        /// The value that a command has printed behind a label.
        static func value(_ label: String, of output: String) -> String? {
            let line = output.split(separator: "\n").first { $0.hasPrefix(label) }
            return line?.split(separator: " ").dropFirst().first.map(String.init)
        }
    }

    @Test func `no credential is in the log, the files or the process list`() async throws {
        let site = try Site()
        let sandbox = try await RunningSandbox.start(in: site.directory.url)
        let forge = try #require(sandbox.ready.forges["github"])
        let project = try #require(Site.value("project_id", of: try site.run("tenant", "create", "acme").output))
        let user = try site.run("user", "create", "acme", "alice")
        let password = try #require(Site.value("password", of: user.output))
        let key = try site.run("access-key", "create", "acme", "alice")
        let secretKey = try #require(Site.value("secret_key", of: key.output))

        let process = try GatehouseProcess(
            ["serve", "--port", "0"], in: site.directory.url, environment: site.environment)
        let address = try await process.listeningAddress()
        let signIn = """
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"alice","password":"\(password)",\
            "domain":{"name":"acme"}}}}}}
            """
        let issued = try await SandboxCaller.send(
            "POST", address + "/v3/auth/tokens", headers: [:], body: Data(signIn.utf8))
        let token = try #require(issued.headers.first(name: "X-Subject-Token"))
        let root = "\(address)/v1/\(project)/git"
        let headers = ["X-Auth-Token": token, "X-Repo-Auth": "main"]
        let body = try JSONEncoder().encode(["name": "main", "token": forge.token, "host": forge.host])
        let made = try await SandboxCaller.send("POST", "\(root)/auths/github/personal", headers: headers, body: body)
        #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
        for path in [
            "/repos/\(forge.namespace)/\(forge.project)/branches", "/repos/\(forge.namespace)/nothing/branches",
        ] {
            _ = try await SandboxCaller.send("GET", root + path, headers: headers)
        }
        let wrong = try JSONEncoder().encode(["name": "bad-one", "token": "canary-wrong-token", "host": forge.host])
        let refused = try await SandboxCaller.send(
            "POST", "\(root)/auths/github/personal", headers: headers, body: wrong)
        #expect(refused.errorCode == "SVCSTG.REPO.0451")
        let arguments = try Data(contentsOf: URL(filePath: "/proc/\(process.process.processIdentifier)/cmdline"))
        #expect(process.stop() == 0)

        var searched = Data(process.output.utf8) + arguments
        for folder in ["data", "keys"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: site.directory.url.path + "/" + folder) {
                searched +=
                    FileManager.default.contents(atPath: "\(site.directory.url.path)/\(folder)/\(file)") ?? Data()
            }
        }
        for secret in [forge.token, "canary-wrong-token", token, password, secretKey] {
            #expect(searched.firstRange(of: Data(secret.utf8)) == nil, "\(secret.prefix(6))…")
        }
        #expect(process.output.contains("/repos/{namespace}/{project}/branches"))
        #expect(!process.output.contains("nothing"))
    }

    @Test func `a start with a wrong or a missing master key is refused, and makes no new one`() async throws {
        let site = try Site()
        #expect(try site.run("tenant", "create", "acme").status == 0)
        let key = site.directory.url.appending(path: "keys/master.key")
        let right = try Data(contentsOf: key)
        try FileManager.default.removeItem(at: key)
        let missing = try site.run("serve", "--check")
        #expect(missing.status != 0 && missing.output.contains("is missing"), "\(missing.output)")
        #expect(!FileManager.default.fileExists(atPath: key.path))
        let other = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        try Data(other.utf8).write(to: key)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
        let wrong = try site.run("tenant", "list")
        #expect(wrong.status != 0 && wrong.output.contains("not the master key"), "\(wrong.output)")
        try right.write(to: key)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key.path)
        let open = try site.run("tenant", "list")
        #expect(open.status != 0 && open.output.contains("chmod 600"), "\(open.output)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
        #expect(try site.run("tenant", "list").output.contains("acme"))
    }

    @Test(arguments: [
        ("listen: {port: many}", "listen.port"), ("listen: {port: 99999}", "listen.port"),
        ("listen: {tls: {certificate: a.pem}}", "go together"),
        ("network: {allow: ['not an address']}", "network.allow"),
        ("http: {trusted_proxies: [proxy.example]}", "http.trusted_proxies: proxy.example is no address"),
        ("http: {minimum_rate: -1}", "http.minimum_rate"), ("http: {idle_seconds: 0}", "http.idle_seconds"),
        ("public_url: gate.example.org", "public_url"), ("log: {format: xml}", "log.format"),
        ("forges: {gitlab: {oauth: {default: {client_id: x}}}}", "client_secret"),
        ("forges: {gitlab: {hosts: ['ftp://x']}}", "forges.gitlab.hosts"),
        ("forges: {gitlab: {host: 'ftp://x'}}", "forges.gitlab.host"),
        ("a: [", "cannot be read as YAML: look at line"), ("- a\n- b", "must have keys at its top"),
        ("network: {alow: [10.0.0.0/8]}", "Is network.allow meant?"), ("netwrk: 5", "netwrk, which is not known"),
        ("forges: {devcloud: {iam: 'ftp://x'}}", "forges.devcloud.iam"),
        ("forges: {gitlab: {ca: /etc/passwd}}", "forges.gitlab.ca has no effect"),
        ("forges: {gitlab: {ca: /none, hosts: ['https://git.x.example']}}", "forges.gitlab.ca: /none is not there"),
        (
            "forges: {gitlab: {ca: /etc/passwd, hosts: ['https://git.x.example']}}",
            "forges.gitlab.ca: /etc/passwd holds no certificate"
        ),
        (
            "forges: {devcloud: {oauth: {default: {client_id: x}}}}",
            "forges.devcloud.oauth.default.client_id, which is not known"
        ),
        ("forges: {github: {iam: 'https://x.example'}}", "forges.github.iam, which is not known"),
        ("forges: {sourceforge: {host: 'https://x.example'}}", "forges.sourceforge.host, which is not known"),
        ("forges: {gitlab: {oauth: {corp: {client_id: a}}}}", "forges.gitlab.oauth.corp.client_id, which is not known"),
        ("forges: {gitlab: {oauth: {default: {client_secret: a}}}}", "default.client_secret, which is not known"),
        ("forges: {devcloud: {oauth: {sites: [a]}}}", "forges.devcloud.oauth.sites, which is not known"),
        ("forges: {gitlab: {oauth: {default: {client_secre: x}}}}", "client_secre, which is not known"),
        ("network: {allow: {a: b}}", "network.allow.a, which is not known"),
        ("{listen: {port: 9000}, metrics: {port: 9000}}", "metrics.port and listen.port"),
        ("public_url: 'https://'", "public_url must"),
        ("public_url: 'https://u:p@gate.example.org'", "public_url must"),
        ("listen: {host: 0.0.0.0}", "public_url is missing"),
        ("listen: {tls: {certificate: /none, key: /none}}", "/none is not there"),
        ("listen: {tls: {certificate: /etc/passwd, key: /etc/passwd}}", "holds no certificate"),
        ("store: {path: /dev/null/x.sqlite}", "store.path: /dev/null/x.sqlite cannot be made"),
        ("{store: {path: /tmp/none.sqlite}, master_key: {value: short}}", "not 32 bytes"),
    ]) func `a setting that cannot be used is named`(file: String, word: String) throws {
        let site = try Site()
        let config = site.directory.url.appending(path: "gatehouse.yaml")
        try Data(file.utf8).write(to: config)
        // The environment would be stronger than the file.
        let checked = try GatehouseProcess.run(
            ["serve", "--check", "--config", config.path], in: site.directory.url)
        #expect(checked.status != 0 && checked.output.contains(word), "\(checked.output)")
    }

    @Test func `a check says what it found and makes nothing`() throws {
        let site = try Site()
        let checked = try site.run("serve", "--check")
        #expect(checked.status == 0 && checked.output.hasSuffix("settings     good\n"), "\(checked.output)")
        #expect(!FileManager.default.fileExists(atPath: site.directory.url.path + "/data"))
        #expect(!FileManager.default.fileExists(atPath: site.directory.url.path + "/keys"))
    }

    @Test func `a configuration file that is not there is called that`() throws {
        let site = try Site()
        let checked = try site.run("serve", "--check", "--config", site.directory.url.path + "/none.yaml")
        #expect(checked.status != 0 && checked.output.contains("does not exist"), "\(checked.output)")
    }

    @Test func `a variable of the environment that nothing reads is named`() throws {
        let site = try Site()
        let checked = try GatehouseProcess.run(
            ["serve", "--check"], in: site.directory.url,
            environment: site.environment.merging([
                "GATEHOUSE_NETWORK_ALOW": "10.0.0.0/8", "GATEHOUSE_FORGES_GITLUB_HOST": "https://x.example",
                "GATEHOUSE_FORGES_GITLAB_OAUTH_CORP_CLIENT_ID": "no such site",
            ]) { $1 })
        for name in [
            "GATEHOUSE_NETWORK_ALOW", "GATEHOUSE_FORGES_GITLUB_HOST", "GATEHOUSE_FORGES_GITLAB_OAUTH_CORP_CLIENT_ID",
        ] {
            #expect(checked.status == 0 && checked.output.contains(name), "\(checked.output)")
        }
    }

    @Test(arguments: [["tenant", "list"], ["user", "list", "acme"], ["tenant", "delete", "--yes", "acme"]])
    func `a command that only looks makes no store`(arguments: [String]) throws {
        let site = try Site()
        let listed = try GatehouseProcess.run(arguments, in: site.directory.url, environment: site.environment)
        #expect(listed.status != 0 && listed.output.contains("There is no store at"), "\(listed.output)")
        #expect(!FileManager.default.fileExists(atPath: site.directory.url.path + "/data"))
    }

    @Test func `after a command all that was written stands in the one file`() throws {
        let site = try Site()
        #expect(try site.run("tenant", "create", "acme").status == 0)
        #expect(try site.run("tenant", "create", "gone-canary").status == 0)
        #expect(try site.run("tenant", "delete", "--yes", "gone-canary").status == 0)
        let folder = site.directory.url.path + "/data"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files == ["store.sqlite"])
        let bytes = try Data(contentsOf: URL(filePath: folder + "/store.sqlite"))
        #expect(bytes.firstRange(of: Data("acme".utf8)) != nil)
        #expect(bytes.firstRange(of: Data("gone-canary".utf8)) == nil)
    }

    @Test(arguments: [
        "POST /v3/auth/tokens HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /oauth/callback HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v3/auth/tokens HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{",
    ]) func `a body that breaks off is the sender's fault`(request: String) async throws {
        let site = try Site()
        let process = try GatehouseProcess(
            ["serve", "--port", "0"], in: site.directory.url, environment: site.environment)
        let address = try await process.listeningAddress()
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        let answer = Self.answer(to: request, port: port)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
        #expect(process.stop() == 0)
        #expect(!process.output.contains("request failed"))
    }

    /// Sends bytes as they are, says that no more will come, and reads what is answered.
    private static func answer(to request: String, port: UInt16) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let bytes = Array(request.utf8)
        guard isConnected, write(descriptor, bytes, bytes.count) == bytes.count,
            shutdown(descriptor, Int32(SHUT_WR)) == 0
        else { return "no connection" }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    @Test func `a place for the files is not guessed`() throws {
        let site = try Site()
        let checked = try GatehouseProcess.run(["serve", "--check"], in: site.directory.url, environment: ["HOME": ""])
        #expect(checked.status != 0 && checked.output.contains("HOME is not set"), "\(checked.output)")
    }

    @Test func `a tenant is deleted only by who says so twice`() throws {
        let site = try Site()
        #expect(try site.run("tenant", "create", "acme").status == 0)
        let asked = try site.run("tenant", "delete", "acme")
        #expect(asked.status != 0 && asked.output.contains("Nothing was deleted"), "\(asked.output)")
        #expect(try site.run("tenant", "list").output.contains("acme"))
        #expect(try site.run("tenant", "delete", "--yes", "acme").status == 0)
        #expect(try !site.run("tenant", "list").output.contains("acme"))
    }

    @Test func `a user gets a new password, shown once`() throws {
        let site = try Site()
        _ = try site.run("tenant", "create", "acme")
        let first = try #require(Site.value("password", of: try site.run("user", "create", "acme", "alice").output))
        let changed = try site.run("user", "password", "acme", "alice")
        let second = try #require(Site.value("password", of: changed.output), "\(changed.output)")
        #expect(second != first)
        let unknown = try site.run("user", "password", "acme", "bob")
        #expect(unknown.status != 0 && unknown.output.contains("bob"), "\(unknown.output)")
    }
}
