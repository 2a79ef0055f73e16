// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// What Bitbucket Data Center's tests share: an installation below a path, behind a network that answers from a script. No
/// recording of a server is at hand: the fixtures are written from its documentation and OpenAPI description.
enum BitbucketServerBench {
    static let pages = "https://git.orchard.example/code"
    static let api = pages + "/rest/api/latest"
    static let token = "BBDC-CANARY-4711"
    /// `ORCH/cider`.
    static let cider = RepositoryReference(namespace: "ORCH", project: "cider")
    static let repository = api + "/projects/ORCH/repos/cider"
    static let tip = "5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"
    /// What every answer of the server has.
    static let headers = ["X-AREQUESTID": "@1F6DG0Fx540x12x0", "X-AUSERNAME": "mira"]

    static func host() throws -> ForgeHost {
        try #require(try ForgeHost.candidates(.bitbucket, address: api).first)
    }

    static func open(
        _ network: StubNetwork, as credential: Credential = .personal(Secret(token))
    ) throws -> any Forge {
        try host().open(.fixed(credential), upstream: network.upstream)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("bitbucket-server/\(name).json")
    }

    /// A refusal as the server writes it.
    static func refusal(_ exception: String?, context: String? = nil) -> String {
        let name = exception.map { "\"com.atlassian.bitbucket.\($0)\"" } ?? "null"
        let field = context.map { "\"\($0)\"" } ?? "null"
        return "{\"errors\":[{\"context\":\(field),\"message\":\"CANARY <script>\",\"exceptionName\":\(name)}]}"
    }

    static func step(
        _ method: Upstream.Method, _ address: String, status: Int = 200, _ json: String
    ) -> StubNetwork.Step {
        .init(method, address, status: status, headers: headers, json: json)
    }
}
