// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// GitHub over a scripted network.
struct GitHubStage {
    static let api = "https://api.github.com"
    static let repo = api + "/repos/ada/engine"
    static let engine = RepositoryReference(namespace: "ada", project: "ada/engine")

    let network: StubNetwork
    let github: GitHub

    init(
        _ steps: StubNetwork.Step..., credential: Credential = .personal(Secret("ghp_canary")),
        host: ForgeHost = .official(.github), now: Int64 = 1_700_000_000
    ) {
        network = StubNetwork(steps)
        github = GitHub(host: host, source: .fixed(credential), upstream: network.upstream, now: { now })
    }

    /// The JSON body of a request, in a form to compare.
    func sent(_ index: Int) throws -> NSDictionary {
        let body = try #require(network.requests[index].body)
        return try #require(JSONSerialization.jsonObject(with: Data(body)) as? NSDictionary)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("github/\(name).json")
    }
}

extension StubNetwork.Step {
    /// A step whose answer is a fixture of GitHub's.
    static func github(
        _ method: Upstream.Method, _ url: String, _ fixture: String, status: Int = 200, headers: [String: String] = [:]
    ) throws -> StubNetwork.Step {
        StubNetwork.Step(method, url, status: status, headers: headers, json: try GitHubStage.fixture(fixture))
    }
}

/// The error that a verb throws; nil where it throws none.
func failure<T>(of body: () async throws(ForgeError) -> T) async -> ForgeError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
