// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Model
import ServiceLifecycle

extension ForgeBackend {
    /// The forge's folder in the state directory.
    var directory: String { Self.directory(forge, isDataCenter: isDataCenter, options) }

    private static func directory(_ forge: ForgeID, isDataCenter: Bool, _ options: SandboxOptions) -> String {
        options.stateDirectory + "/" + (isDataCenter ? EmulatedForge.dataCenterName : forge.rawValue)
    }

    /// Opens what an earlier run has kept, or makes and seeds a new forge.
    static func open(
        _ forge: ForgeID, isDataCenter: Bool = false, port: Int, options: SandboxOptions
    ) async throws(SandboxError) -> ForgeBackend {
        let directory = directory(forge, isDataCenter: isDataCenter, options)
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
                options: options,
                isDataCenter: isDataCenter
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
            let application = state.applications.first { $0.name == SandboxSeed.applicationName }
            guard
                let user = state.user(login: SandboxSeed.login),
                let token = state.tokens.first(where: { $0.name == Self.seededTokenName }),
                application != nil || !forge.modes.contains(.oauth)
            else { return nil }
            if isDataCenter, let application { return dataCenter(user, token, application, requests: requests) }
            let needsEmail = SeedProfile.profile(of: forge).needsEmail
            let basic: (user: String, password: Secret) =
                forge == .devcloud
                ? ("\(SandboxSeed.domain)/\(user.login)", Secret(user.password.text))
                : (needsEmail ? user.email : user.login, Secret(token.token.text))
            return EmulatedForge(
                forge: forge,
                name: forge.rawValue,
                displayName: forge.displayName,
                host: host,
                login: user.login,
                signIn: (user.login, Secret(user.password.text)),
                token: Secret((needsEmail ? user.email + ":" : "") + token.token.text),
                basic: forge.modes.contains(.password) ? basic : nil,
                namespace: (forge == .devcloud ? Self.codeArtsHome(in: state) : nil) ?? user.login,
                project: SandboxSeed.project,
                oauthClientID: application?.clientID ?? "",
                oauthClientSecret: Secret(application?.clientSecret.text ?? ""),
                requests: requests
            )
        }
    }

    /// A user's own project has a key of its own; passwords are taken.
    private func dataCenter(
        _ user: SandboxUser, _ token: PersonalToken, _ application: OAuthApplication, requests: RequestLog
    ) -> EmulatedForge {
        EmulatedForge(
            forge: forge, name: EmulatedForge.dataCenterName, displayName: "Bitbucket Data Center", host: host,
            login: user.login, signIn: (user.login, Secret(user.password.text)), token: Secret(token.token.text),
            basic: (user.login, Secret(user.password.text)), namespace: "~" + user.login,
            project: SandboxSeed.project, oauthClientID: application.clientID,
            oauthClientSecret: Secret(application.clientSecret.text), requests: requests)
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
        case .devcloud:
            return CodeArtsEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .gitea:
            return GiteaEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .gitee:
            return GiteeEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .bitbucket where isDataCenter:
            return BitbucketServerEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        case .bitbucket:
            return BitbucketEmulator(backend: self)
                .application(port: port, log: log, logger: options.logger, onListening: onListening)
        }
    }
}
