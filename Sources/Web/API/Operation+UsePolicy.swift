// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model

extension Operation {
    /// The operations on what may go through an authorization. An extension of the API.
    static func usePolicies(_ broker: Broker) -> [Operation] {
        let place = "/auths/{name}/policy"
        return [
            Operation("ShowUsePolicy", .get, place, .getUsePolicy, about: .authorization) { call in
                document(try await broker.usePolicy(of: try call.parameters.segment("name"), with: call.grant))
            },
            Operation("SetUsePolicy", .put, place, .setUsePolicy, about: .authorization) { call in
                let name = try call.parameters.segment("name")
                let body = try await call.request.bytes(upTo: Authentication.bodyLimit)
                return document(
                    try await broker.setUsePolicy(Array(body.readableBytesView), of: name, with: call.grant))
            },
            Operation("DeleteUsePolicy", .delete, place, .deleteUsePolicy, about: .authorization) { call in
                try await broker.deleteUsePolicy(of: try call.parameters.segment("name"), with: call.grant)
                return Response(status: .noContent)
            },
        ]
    }

    /// The policy as it was given.
    private static func document(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
