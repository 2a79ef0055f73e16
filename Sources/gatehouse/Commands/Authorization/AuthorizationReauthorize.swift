// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Forges
import Model
import Storage

struct AuthorizationReauthorize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reauthorize",
        abstract: "Give an authorization another credential. Its name and forge stay, and whatever uses it goes on.",
        discussion: """
            The token or password is read from the first line of standard input: an option would be seen by every user of
            the machine. It is tried at the forge first; where the forge rejects it, the old credential stays. OAuth needs a
            person with a browser: see ShowRedirectUrl in the API.

              gatehouse authorization reauthorize acme build-robot --mode personal < token.txt
            """)

    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case personal
        case password
    }

    @Option(help: "What is given: a personal token, or a password.")
    var mode: Mode

    @Option(help: "The user whom the password belongs to.")
    var user: String?

    @Option(help: "Another host of the same forge, for one that has moved. Without it the host stays.")
    var host: String?

    @OptionGroup var options: AuthorizationOptions

    func validate() throws {
        switch mode {
        case .personal where user != nil: throw ValidationError("A personal token goes without --user.")
        case .password where user?.isEmpty != false: throw ValidationError("A password needs --user.")
        default: break
        }
        if let user, user.contains(":") || user.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        {
            throw ValidationError("A user's name has no colon and no control characters.")
        }
    }

    func run() async throws {
        let secret = try readSecret()
        try await options.withBroker(to: .createAuthorization) { broker, grant in
            let known = try await broker.authorizations(grant).first { $0.name.text == options.name }
            guard let known else { throw Refusal("\(options.tenant) has no authorization named \(options.name).") }
            let offer = Broker.Offer(
                name: options.name, forge: known.forge, credential: credential(secret), host: host)
            let renewed = try await broker.reauthorize(offer, with: grant)
            print(
                "\(options.name) of \(options.tenant) is authorized anew, for \(renewed.user) at \(renewed.host)")
        }
    }

    private func credential(_ secret: Secret) -> Credential {
        switch mode {
        case .personal: .personal(secret)
        case .password: .password(user: user ?? "", password: secret)
        }
    }

    private func readSecret() throws -> Secret {
        guard let line = try StandardInput.line() else {
            throw ValidationError("There is no \(mode == .personal ? "token" : "password") on standard input.")
        }
        guard !line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw ValidationError("What is on standard input holds control characters. Copy it again.")
        }
        return Secret(line)
    }
}
