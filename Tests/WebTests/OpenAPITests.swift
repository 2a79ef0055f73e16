// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import TestSupport
import Testing
import Yams

@testable import Web

@Suite struct OpenAPITests {
    @Test func `the description has every operation, and no other`() async throws {
        try await TestSite.withSite { site async throws in
            let answer = try await site.send(.get, "/openapi.yaml")
            #expect(answer.status == 200)
            let document = try #require(try Yams.load(yaml: answer.text) as? [String: Any])
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            var described: Set<String> = []
            for (path, item) in paths where path.hasPrefix("/v1/{project_id}/") {
                for (method, operation) in item
                where ["get", "put", "post", "delete", "head", "patch"].contains(method) {
                    let id = (operation as? [String: Any])?["operationId"] as? String ?? "none"
                    described.insert("\(id) \(method.uppercased()) \(path)")
                }
            }
            let served = operations(site.house.broker).map {
                "\($0.id) \($0.method.rawValue) \($0.template)"
            }
            #expect(described == Set(served))
        }
    }

    @Test func `every other route that is described is served`() async throws {
        try await TestSite.withSite { site async throws in
            let document = try #require(
                try Yams.load(yaml: try await site.send(.get, "/openapi.yaml").text) as? [String: Any])
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            for (path, item) in paths where !path.hasPrefix("/v1/{project_id}/") {
                for method in item.keys where ["get", "post", "delete", "head"].contains(method) {
                    let answer = try await site.send(.init(rawValue: method.uppercased()) ?? .get, path)
                    #expect(answer.code != "APIGW.0101", "\(method) \(path)")
                }
            }
        }
    }
}
