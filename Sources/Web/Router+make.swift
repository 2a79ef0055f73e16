// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird

/// The whole site: open routes, Keystone's, and the API behind authentication.
func makeRouter(
    broker: Broker, identity: Identity, publicURL: String, door: FrontDoor = FrontDoor(),
    isReady: @escaping @Sendable () async -> Bool
) throws -> Router<OpenContext> {
    let router = Router(context: OpenContext.self)
    router.add(middleware: Problems(door: door))
    router.get("/livez") { _, _ in text("alive\n") }
    router.head("/livez") { _, _ in Response(status: .ok) }
    router.head("/readyz") { _, _ in Response(status: await isReady() ? .ok : .serviceUnavailable) }
    router.get("/readyz") { _, _ in
        await isReady() ? text("ready\n") : text("the store cannot be used\n", .serviceUnavailable)
    }
    router.get("/openapi.yaml") { _, _ in
        Response(
            status: .ok, headers: [.contentType: "application/yaml"],
            body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
    }
    try OAuthCallback(broker).add(to: router)
    KeystoneRoutes(identity: identity, publicURL: publicURL, record: broker.audit).add(to: router)
    let api = router.group().add(middleware: Authentication(identity: identity))
        .add(middleware: RequestQuota(quotas: broker.quotas)).group(context: CallerContext.self)
    for operation in operations(broker) {
        api.on(operation.routerPath, method: operation.method) {
            try await operation.respond(to: $0, $1, broker)
        }
    }
    return router
}

/// Every operation of the API.
func operations(_ broker: Broker) -> [Operation] {
    Operation.authorizations(broker) + Operation.repositories(broker) + Operation.files(broker)
        + Operation.audit(broker) + Operation.usePolicies(broker)
}

private func text(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
    Response(
        status: status, headers: [.contentType: "text/plain; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: text)))
}
