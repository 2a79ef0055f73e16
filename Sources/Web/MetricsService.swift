// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird
package import Logging
package import ServiceLifecycle

/// A listener of its own for `GET /metrics`, apart from the API: how many authorizations fare how is not everybody's business.
package struct MetricsService: Sendable {
    package let service: any Service

    /// - Parameter text: the metrics in Prometheus' text format.
    package init(
        host: String, port: Int, logger: Logger, onListening: @escaping @Sendable (Int) async -> Void = { _ in },
        text: @escaping @Sendable () async -> String
    ) {
        let router = Router()
        router.get("/metrics") { _, _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: "text/plain; version=0.0.4; charset=utf-8", .xContentTypeOptions: "nosniff",
                    .cacheControl: "no-store",
                ],
                body: .init(byteBuffer: ByteBuffer(string: await text())))
        }
        service = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) }, logger: logger)
    }
}
