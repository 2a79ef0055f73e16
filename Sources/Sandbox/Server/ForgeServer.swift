// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What an emulator answers, and by which route.
struct ForgeAnswer: Sendable {
    let response: Response
    /// The route's pattern, for the log: the address itself may hold codes and tokens.
    let route: String

    init(_ response: Response, route: String) {
        self.response = response
        self.route = route
    }
}

/// Hands Hummingbird's requests to an emulator. Hummingbird's own router is not used: forges disagree with it, and with
/// one another, about slashes in the last part of a path.
struct ForgeResponder<Emulator: ForgeEmulator>: HTTPResponder {
    typealias Context = BasicRequestContext

    let emulator: Emulator
    let log: RequestLog

    func respond(to request: Request, context: Context) async throws -> Response {
        guard let forgeRequest = ForgeRequest(request) else {
            return .text("The path is not percent-encoded UTF-8.\n", status: .badRequest)
        }
        let answer = await emulator.respond(to: forgeRequest)
        log.append(
            RequestLog.Entry(
                method: request.method.rawValue,
                route: answer.route,
                status: answer.response.status.code
            )
        )
        guard request.method == .head else { return answer.response }
        var headers = answer.response.headers
        headers[.contentLength] = answer.response.body.contentLength.map(String.init)
        return Response(status: answer.response.status, headers: headers, body: ResponseBody())
    }
}

extension ForgeEmulator {
    /// The server on a port of this machine's own loopback address.
    func application(
        port: Int,
        log: RequestLog,
        logger: Logger,
        onListening: @escaping @Sendable () async -> Void
    ) -> Application<ForgeResponder<Self>> {
        Application(
            responder: ForgeResponder(emulator: self, log: log),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in await onListening() },
            logger: logger
        )
    }
}
