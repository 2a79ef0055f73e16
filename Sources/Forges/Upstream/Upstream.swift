// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// The one way out to a forge: takes a request, gives the forge's answer, whatever its status, or a ``ForgeError``.
///
/// The network is one stored closure, ``exchange``. In service it is ``UpstreamConnections/upstream(policy:)``; a test gives its own.
/// Redirects are never followed here: see ``Session``.
package struct Upstream: Sendable {
    /// One HTTP request to an absolute address.
    package struct Request: Sendable {
        package var method: Method
        /// Absolute, already percent-encoded.
        package var url: String
        package var headers: [Header]
        /// nil for no body.
        package var body: [UInt8]?
        /// How many bytes of the answer are read at most; nil for ``Limits/bytes``.
        package var limit: Int?

        package init(_ method: Method, _ url: String, headers: [Header] = [], body: [UInt8]? = nil) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }

        /// The first value of a header, its name matched without case.
        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A forge's answer, read to its end.
    package struct Response: Sendable {
        package var status: Int
        package var headers: [Header]
        package var body: [UInt8]

        package init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// The first value of a header, its name matched without case.
        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// Why the network gave no answer. Everything else that an exchange throws counts as ``Failure/unreachable(_:)``.
    package enum Failure: Error, Sendable, Hashable {
        /// No connection, no TLS, or a connection that broke. The text is for the log and names no address with a query.
        case unreachable(String)
        /// The certificate is none for the host's name, is not valid at this time, or leads to no authority that is trusted.
        case distrusted
        /// No answer in time.
        case timedOut
        /// The answer is larger than this Gatehouse reads.
        case tooLarge(limit: Int)
        /// All answers together, as far as they are being read at the moment, are more than this Gatehouse holds.
        case overloaded
        /// The host's name has no address.
        case unknownHost
        /// The network policy forbids the host, or one of its addresses.
        case refusedHost
    }

    package typealias Exchange = @Sendable (Request) async throws -> Response

    private let exchange: Exchange
    /// What installations of CodeArts Repo have their tokens from, where it is not their own origin.
    let identities: [ForgeHost: IAMService]
    /// Shared by all copies: for as long as this way out is there.
    let iamTokens = IAMTokens()

    package init(identities: [ForgeHost: IAMService] = [:], exchange: @escaping Exchange) {
        self.identities = identities
        self.exchange = exchange
    }

    /// The same way out, on which no answer may have more bytes: for a host that nobody knows yet.
    package func limited(to bytes: Int) -> Upstream {
        Upstream(identities: identities) { [exchange] request in
            var request = request
            request.limit = min(request.limit ?? bytes, bytes)
            return try await exchange(request)
        }
    }

    /// Forgets what was got at a forge for a credential and is only in memory: for a credential that shall not be used any more.
    package func forget(_ credential: Credential) {
        guard case .password(let user, let password) = credential else { return }
        iamTokens.forget(user: user, password: password)
    }

    /// Sends one request. A failure of the network becomes a ``ForgeError`` of the codes ``ForgeError/Code/unavailable``,
    /// ``ForgeError/Code/timedOut`` or, for a host that the policy forbids, ``ForgeError/Code/invalidRequest``.
    func send(_ request: Request, to forge: ForgeID) async throws(ForgeError) -> Response {
        do {
            return try await exchange(request)
        } catch let failure as Failure {
            throw Self.explain(failure, forge)
        } catch {
            throw ForgeError(.unavailable, forge, "\(forge.displayName) could not be reached. Try again later.")
        }
    }

    /// Sends one request to what is no forge.
    func send(_ request: Request) async throws(Failure) -> Response {
        do {
            return try await exchange(request)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .unreachable("\(type(of: error))")
        }
    }

    private static func explain(_ failure: Failure, _ forge: ForgeID) -> ForgeError {
        let name = forge.displayName
        return switch failure {
        case .unreachable:
            ForgeError(
                .unavailable, forge,
                "\(name) could not be reached: no connection, or no TLS. Check the host, then try again.")
        case .distrusted:
            ForgeError(
                .unavailable, forge,
                "\(name) could not be trusted: its certificate is not for this host, has ended, or is signed by nobody known here. Check the host. The operator can name an authority of one's own (forges.\(forge.rawValue).ca)."
            )
        case .timedOut:
            ForgeError(
                .timedOut, forge,
                "\(name) did not answer in time. A change may have been made: look before you repeat it.")
        case .tooLarge(let limit):
            ForgeError(
                .unavailable, forge,
                "\(name) answered more than \(max(1, limit / 1_048_576)) MiB, which is more than this service reads.")
        case .overloaded:
            ForgeError(
                .unavailable, forge,
                "Too much is being read from the forges at this moment. Try again in a few seconds.")
        case .unknownHost:
            ForgeError(.unavailable, forge, "The host has no address. Check its name.")
        case .refusedHost:
            ForgeError(
                .invalidRequest, forge,
                "The host is not allowed: it is a private address, not https, or at a port of other services. The operator can allow hosts (network.allow)."
            )
        }
    }
}
