// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Sandbox

/// What a started sandbox says: where things stand, and commands to paste; and the same for programs.
struct Invitation {
    let endpoint: String
    let guest: SandboxHouse.Guest
    let forges: [EmulatedForge]
    let lifetimes: SandboxLifetimes.Chosen

    var text: String {
        let base = "\(endpoint)/v1/\(guest.projectID)/git"
        var lines = ["", "Gatehouse    \(endpoint)    (API description: \(endpoint)/openapi.yaml)"]
        for forge in forges {
            let name = forge.displayName.padding(
                toLength: max(12, forge.displayName.count), withPad: " ", startingAt: 0)
            lines.append(
                "\(name) \(forge.host)    user \(forge.signIn.user), password \(forge.signIn.password.exposed)"
                    + (forge.forge.modes.contains(.personal) ? ", token \(forge.token.exposed)" : ""))
        }
        lines += [
            "", "project_id   \(guest.projectID)", "access key   \(guest.accessKey)", "secret key   \(guest.secretKey)",
            "user         \(guest.user) of \(guest.domain), password \(guest.password)", "user token   \(guest.token)",
        ]
        if let forge = forges.first {
            let body = #"{"name": "demo", "token": "\#(forge.token.exposed)", "host": "\#(forge.host)"}"#
            lines += [
                "", "Paste these into another terminal:", "", "# 1. List the authorizations: none yet",
                "curl -sS -H 'X-Auth-Token: \(guest.token)' \(base)/auths", "",
                "# 2. Create one, for a personal token of \(forge.forge.displayName)",
                "curl -sS -H 'X-Auth-Token: \(guest.token)' -H 'Content-Type: application/json' -d '\(body)' \(base)/auths/\(forge.forge.rawValue)/personal",
                "", "# 3. List a repository's branches through it: the token stays inside",
                "curl -sS -H 'X-Auth-Token: \(guest.token)' -H 'X-Repo-Auth: demo' \(base)/repos/\(forge.namespace)/\(forge.project)/branches",
                "",
            ]
        }
        lines.append("Ctrl-C stops everything.")
        return lines.joined(separator: "\n")
    }

    /// Writes the file for programs, complete or not at all.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let forges = forges.map { ($0.name, Ready.Forge($0)) }
        let ready = Ready(
            endpoint: endpoint, project_id: guest.projectID,
            access_key: .init(ak: guest.accessKey, sk: guest.secretKey),
            user: .init(domain: guest.domain, name: guest.user, password: guest.password),
            forges: Dictionary(uniqueKeysWithValues: forges), lifetimes: lifetimes)
        let url = URL(filePath: path)
        try encoder.encode(ready).write(to: url, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
    }

    /// The file's form; its names are those of the file.
    private struct Ready: Encodable {
        struct AccessKey: Encodable {
            let ak: String
            let sk: String
        }

        struct User: Encodable {
            let domain: String
            let name: String
            let password: String
        }

        struct SignIn: Encodable {
            let user: String
            let password: String
        }

        struct Application: Encodable {
            let client_id: String
            let client_secret: String
        }

        struct Forge: Encodable {
            let host: String
            let login: String
            let sign_in: SignIn
            let token: String
            let basic: SignIn?
            let oauth: Application
            let namespace: String
            let project: String

            init(_ forge: EmulatedForge) {
                host = forge.host
                login = forge.login
                sign_in = SignIn(user: forge.signIn.user, password: forge.signIn.password.exposed)
                token = forge.token.exposed
                basic = forge.basic.map { SignIn(user: $0.user, password: $0.password.exposed) }
                oauth = Application(
                    client_id: forge.oauthClientID, client_secret: forge.oauthClientSecret.exposed)
                namespace = forge.namespace
                project = forge.project
            }
        }

        let endpoint: String
        let project_id: String
        let access_key: AccessKey
        let user: User
        let forges: [String: Forge]
        let lifetimes: SandboxLifetimes.Chosen
    }
}
