// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Model
import ServiceLifecycle

extension ForgeBackend {
    /// The forge's folder in the state directory.
    var directory: String { options.stateDirectory + "/" + forge.rawValue }

    /// Opens what an earlier run has kept, or makes and seeds a new forge.
    static func open(_ forge: ForgeID, port: Int, options: SandboxOptions) async throws(SandboxError) -> ForgeBackend {
        let directory = options.stateDirectory + "/" + forge.rawValue
        let file = directory + "/accounts.json"
        do {
            if !options.keepsState, FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.removeItem(atPath: directory)
            }
            // Tokens and passwords lie in it: nobody else may look.
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try FileManager.default.createDirectory(
                atPath: directory + "/repositories", withIntermediateDirectories: true)
            let kept = options.keepsState ? try AccountStore(loading: file, logger: options.logger) : nil
            let backend = ForgeBackend(
                forge: forge,
                store: kept ?? AccountStore(file: options.keepsState ? file : nil, logger: options.logger),
                repositories: directory + "/repositories",
                host: "http://127.0.0.1:\(port)",
                options: options
            )
            if kept == nil { try await backend.seed() }
            backend.applyOptions()
            return backend
        } catch let error as GitError {
            throw .gitUnusable("\(error)")
        } catch {
            throw .stateUnusable("\(directory): \(error)")
        }
    }

    /// nil where the kept state lacks the seeded account, token or application.
    func emulatedForge(requests: RequestLog) -> EmulatedForge? {
        store.read { state in
            guard
                let user = state.user(login: SandboxSeed.login),
                let token = state.tokens.first(where: { $0.name == Self.seededTokenName }),
                let application = state.applications.first(where: { $0.name == SandboxSeed.applicationName })
            else { return nil }
            return EmulatedForge(
                forge: forge,
                host: host,
                login: user.login,
                signIn: (user.login, Secret(user.password.text)),
                token: Secret(token.token.text),
                basic: forge.modes.contains(.password) ? (user.login, Secret(token.token.text)) : nil,
                namespace: user.login,
                project: SandboxSeed.project,
                oauthClientID: application.clientID,
                oauthClientSecret: Secret(application.clientSecret.text),
                requests: requests
            )
        }
    }

    /// The forge's server. The one place that knows which emulator is whose.
    func service(log: RequestLog, onListening: @escaping @Sendable () async -> Void) -> any Service {
        let port = host.split(separator: ":").last.flatMap { Int($0) } ?? 0
        switch forge {
        case .github:
            return GitHubEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .gitlab:
            return GitLabEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .gitea:
            return GiteaEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .gitee:
            return GiteeEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        }
    }
}
