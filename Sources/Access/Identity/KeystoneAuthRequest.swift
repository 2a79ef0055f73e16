// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Model
package import Storage

/// The body of `POST /v3/auth/tokens`, read and found sound.
/// https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
package struct KeystoneAuthRequest: Sendable {
    package enum Method: Sendable {
        case password(UserReference, Secret)
        /// Exchanges a token for one of another scope, which ends at the same time.
        case token(Secret)
    }

    package enum Project: Sendable, Hashable {
        case id(String)
        /// Without a domain the user's own is meant.
        case name(String, domain: DomainReference?)
    }

    package enum Scope: Sendable, Hashable {
        case project(Project)
        case domain(DomainReference)
        /// Asked for by the word `unscoped`.
        case unscoped
    }

    package let method: Method
    /// nil where the body names none.
    package let scope: Scope?

    package init(method: Method, scope: Scope?) {
        self.method = method
        self.scope = scope
    }

    /// Unknown members are left aside.
    /// - Throws: ``AccessError/Code/invalidRequest`` with a sentence that names the member.
    package init(json: Data) throws(AccessError) {
        let wire = try Self.read(Wire.self, json)
        method = try wire.auth.identity.method()
        scope = try wire.auth.scope?.scope()
    }

    static func read<Wire: Decodable>(_ type: Wire.Type, _ json: Data) throws(AccessError) -> Wire {
        // The decoder would take UTF-16 and UTF-32, too: whoever checks bodies on the way here might read another object.
        guard !json.contains(0), String(validating: json, as: UTF8.self) != nil else {
            throw invalid("it is not JSON in UTF-8")
        }
        do {
            return try JSONDecoder().decode(type, from: json)
        } catch let error as DecodingError {
            throw invalid(error.whatIsWrong)
        } catch {
            throw invalid("it is not JSON")
        }
    }

    static func invalid(_ reason: String) -> AccessError {
        AccessError(.invalidRequest, "The request body is invalid: \(reason).")
    }

    /// The word for a member that must be there and not be empty.
    static func required(_ text: String?, _ member: String) throws(AccessError) -> String {
        guard let text else { throw invalid("\(member) is missing") }
        guard !text.isEmpty else { throw invalid("\(member) is empty") }
        return text
    }

    private struct Wire: Decodable {
        let auth: WireAuth
    }
}

private struct WireAuth: Decodable {
    let identity: WireIdentity
    let scope: WireScope?
}

private struct WireIdentity: Decodable {
    let methods: [String]
    let password: WirePassword?
    let token: WireToken?

    func method() throws(AccessError) -> KeystoneAuthRequest.Method {
        guard methods.count == 1, let method = methods.first else {
            throw KeystoneAuthRequest.invalid("auth.identity.methods must name one method, password or token")
        }
        switch method {
        case "password":
            guard let user = password?.user else {
                throw KeystoneAuthRequest.invalid("auth.identity.password.user is missing")
            }
            let secret = try KeystoneAuthRequest.required(user.password, "auth.identity.password.user.password")
            return .password(try user.reference(), Secret(secret))
        case "token":
            return .token(Secret(try KeystoneAuthRequest.required(token?.id, "auth.identity.token.id")))
        default:
            throw KeystoneAuthRequest.invalid("auth.identity.methods names what is not offered; take password or token")
        }
    }
}

private struct WirePassword: Decodable {
    let user: WireUser?
}

private struct WireToken: Decodable {
    let id: String?
}

private struct WireUser: Decodable {
    let id: String?
    let name: String?
    let password: String?
    let domain: WireDomain?

    func reference() throws(AccessError) -> UserReference {
        if let id {
            return .id(try KeystoneAuthRequest.required(id, "auth.identity.password.user.id"))
        }
        let member = "auth.identity.password.user"
        let name = try KeystoneAuthRequest.required(name, "\(member).name")
        guard let domain else { throw KeystoneAuthRequest.invalid("\(member).domain is missing") }
        return .name(name, domain: try domain.reference("\(member).domain"))
    }
}

private struct WireDomain: Decodable {
    let id: String?
    let name: String?

    func reference(_ member: String) throws(AccessError) -> DomainReference {
        if let id { return .id(try KeystoneAuthRequest.required(id, "\(member).id")) }
        return .name(try KeystoneAuthRequest.required(name, "\(member).name"))
    }
}

private struct WireProject: Decodable {
    let id: String?
    let name: String?
    let domain: WireDomain?

    func project() throws(AccessError) -> KeystoneAuthRequest.Project {
        if let id { return .id(try KeystoneAuthRequest.required(id, "auth.scope.project.id")) }
        let name = try KeystoneAuthRequest.required(name, "auth.scope.project.name")
        return .name(name, domain: try domain?.reference("auth.scope.project.domain"))
    }
}

/// An object, or the word `unscoped` alone, or that word as an object's member.
private struct WireScope: Decodable {
    private struct Nothing: Decodable {}

    private enum Key: String, CodingKey {
        case project, domain, unscoped
    }

    private let word: String?
    private let project: WireProject?
    private let domain: WireDomain?
    private let unscoped: Bool

    init(from decoder: any Decoder) throws {
        do {
            let word = try decoder.singleValueContainer().decode(String.self)
            (self.word, project, domain, unscoped) = (word, nil, nil, false)
            return
        } catch DecodingError.typeMismatch {
            word = nil
        }
        let object = try decoder.container(keyedBy: Key.self)
        project = try object.decodeIfPresent(WireProject.self, forKey: .project)
        domain = try object.decodeIfPresent(WireDomain.self, forKey: .domain)
        unscoped = try object.decodeIfPresent(Nothing.self, forKey: .unscoped) != nil
    }

    /// Where both a project and a domain are given, the project wins.
    func scope() throws(AccessError) -> KeystoneAuthRequest.Scope {
        if let project { return .project(try project.project()) }
        if let domain { return .domain(try domain.reference("auth.scope.domain")) }
        guard unscoped || word == "unscoped" else {
            throw KeystoneAuthRequest.invalid("auth.scope names neither a project nor a domain")
        }
        return .unscoped
    }
}
