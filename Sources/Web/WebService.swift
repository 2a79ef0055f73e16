// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Access
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOSSL
package import ServiceLifecycle

/// The HTTP server with everything that it serves.
package struct WebService: Sendable {
    /// Where to listen, and with which certificate.
    package struct Listen: Sendable {
        package let host: String
        package let port: Int
        /// Paths of PEM files; plain HTTP where they are nil.
        package let certificate: String?
        package let key: String?

        package init(host: String, port: Int, certificate: String?, key: String?) {
            self.host = host
            self.port = port
            self.certificate = certificate
            self.key = key
        }
    }

    /// Runs until it is told to shut down; requests that have begun are answered.
    package let service: any Service

    /// - Parameters:
    ///   - publicURL: the address that callers use, without a slash at its end.
    ///   - door: what is asked of those who connect.
    ///   - isReady: whether requests that need the store can be answered, for `/readyz`.
    ///   - onListening: called once with the port.
    /// - Throws: ``UnusableCertificate``.
    package init(
        broker: Broker, identity: Identity, publicURL: String, door: FrontDoor = FrontDoor(),
        isReady: @escaping @Sendable () async -> Bool, listen: Listen, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) throws {
        let tls = try listen.tls()
        var door = door
        door.isTLS = tls != nil
        let router = try makeRouter(
            broker: broker, identity: identity, publicURL: publicURL, door: door, isReady: isReady)
        let open = OpenConnections(door)
        var server = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(open, logger: logger)],
                // Above the API's own limits, so that ``Problems`` can answer in the API's form.
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 2 * Problems.headerLimit, maxHeaderListSize: 2 * Problems.headersLimit)))
        if let tls { server = try .tls(server, tlsConfiguration: tls) }
        service = Application(
            router: router, server: server,
            configuration: .init(
                address: .hostname(listen.host, port: listen.port), serverName: nil, backlog: 1024,
                availableConnectionsDelegate: .maximum(door.connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? listen.port) },
            logger: logger)
    }
}
