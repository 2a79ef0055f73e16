// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a Keystone says of a token that is good: whose it is, for what, with which roles, and until when.
/// https://docs.openstack.org/api-ref/identity/v3/#validate-and-show-information-for-token
package struct KeystoneAssertion: Sendable, Hashable {
    package struct Project: Sendable, Hashable {
        package let id: String
        package let name: String
        package let domainID: String
        package let domainName: String
    }

    package let userID: String
    package let userName: String
    /// nil for a token of another scope, or of none.
    package let project: Project?
    /// The names of the roles, each once.
    package let roles: [String]
    /// Whether the token may have fewer roles than its user: it stands for an application credential or a trust.
    package let isDelegated: Bool
    /// Unix time in milliseconds.
    package let expires: Int64

    /// More than this is no user's.
    private static let mostRoles = 256

    /// Reads the body of an answer.
    /// - Throws: ``KeystoneFailure`` for what is not whole.
    init(json: [UInt8]) throws(KeystoneFailure) {
        let token: Wire.Token
        do {
            token = try JSONDecoder().decode(Wire.self, from: Data(json)).token
        } catch {
            throw KeystoneFailure(.nonsense("its answer about a token is not of the known form"))
        }
        guard let end = Timestamp.seconds(token.expires_at) else {
            throw KeystoneFailure(.nonsense("its answer about a token has no time that can be read"))
        }
        let roles = (token.roles ?? []).map { Self.clean($0.name) }
        guard roles.count <= Self.mostRoles, !token.user.id.isEmpty, Self.isName(token.user.name),
            roles.allSatisfy(Self.isName)
        else { throw KeystoneFailure(.nonsense("its answer about a token has names that are empty or too long")) }
        userID = token.user.id
        userName = Self.clean(token.user.name)
        project = try token.project.map { (project) throws(KeystoneFailure) in try Self.project(project) }
        var seen: Set<String> = []
        self.roles = roles.filter { seen.insert($0).inserted }
        isDelegated =
            token.trust != nil || token.application_credential != nil
            || (token.methods ?? []).contains { Self.delegatedMethods.contains($0) }
        expires = end * 1000
    }

    private static let delegatedMethods: Set<String> = ["application_credential", "oauth1", "oauth2_credential"]

    private static func project(_ project: Wire.Project) throws(KeystoneFailure) -> Project {
        // A project that is a domain itself is in none.
        let domain = (id: project.domain?.id ?? project.id, name: project.domain?.name ?? project.name)
        guard isName(project.name), isName(domain.name), !project.id.isEmpty, !domain.id.isEmpty else {
            throw KeystoneFailure(.nonsense("its answer about a token has names that are empty or too long"))
        }
        return Project(
            id: project.id, name: clean(project.name), domainID: domain.id, domainName: clean(domain.name))
    }

    private static func isName(_ text: String) -> Bool { (1...255).contains(text.unicodeScalars.count) }

    /// Names are shown in terminals and lists.
    private static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

/// Its names are Keystone's. Whatever else stands there is left aside.
private struct Wire: Decodable {
    struct Token: Decodable {
        let expires_at: String
        let user: Named
        let project: Project?
        let roles: [Role]?
        let methods: [String]?
        let trust: Anything?
        let application_credential: Anything?

        enum CodingKeys: String, CodingKey {
            case expires_at, user, project, roles, methods, application_credential
            case trust = "OS-TRUST:trust"
        }
    }

    struct Named: Decodable {
        let id: String
        let name: String
    }

    struct Project: Decodable {
        let id: String
        let name: String
        let domain: Domain?
    }

    struct Domain: Decodable {
        let id: String?
        let name: String?
    }

    struct Role: Decodable {
        let name: String
    }

    struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    let token: Token
}
