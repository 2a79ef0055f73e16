// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport

@testable import Forges

/// What CodeArts Repo's tests share: a region of Huawei Cloud behind a network that answers from a script.
enum CodeArtsBench {
    static let api = "https://codehub-ext.cn-north-4.myhuaweicloud.com"
    static let identity = "https://iam.cn-north-4.myhuaweicloud.com"
    static let tokens = identity + "/v3/auth/tokens?nocatalog=true"
    static let password = "CANARY-4711-password"
    static let token = "CANARY-4711-token"
    static let project = "0f5c4b8a9d7e4c31b2a6e8f7d1c0b9a8"
    static let group = project + "/tools"
    /// By its id.
    static let cider = RepositoryReference(namespace: group, project: "9001")
    static let repository = api + "/v4/repositories/9001"
    static let cloneURL = "https://codehub.devcloud.cn-north-4.huaweicloud.com/\(group)/cider.git"
    static let blob = "6e6a77b58f5f90c8763cdec5d5a1387dceecaa66"
    static let tip = "5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"
    static let last = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"

    static func open(_ upstream: Upstream, host: ForgeHost = .official(.devcloud)) -> any Forge {
        host.open(.fixed(.password(user: "acme/ada", password: Secret(password))), upstream: upstream)
    }

    static func open(_ network: StubNetwork, host: ForgeHost = .official(.devcloud)) -> any Forge {
        open(network.upstream, host: host)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("devcloud/\(name).json")
    }

    /// IAM's answer with a token.
    static func token(_ text: String) throws -> Upstream.Response {
        .json(try fixture("token"), status: 201, headers: ["X-Subject-Token": text])
    }

    /// A network that gives tokens, and answers everything else by a function of the method and the address below the
    /// API's; 404 where that has no answer.
    static func network(
        _ answer: @escaping @Sendable (Upstream.Method, String) throws -> Upstream.Response?
    ) -> StubNetwork {
        StubNetwork(answering: { request in
            if request.url == tokens { return try token(Self.token) }
            let path = String(request.url.dropFirst(api.count))
            return try answer(request.method, path) ?? .json(try fixture("not-found"), status: 404)
        })
    }

    /// The addresses that were asked for, below the API's, without the one for tokens.
    static func asked(_ network: StubNetwork) -> [String] {
        network.requests.filter { $0.url != tokens }.map { "\($0.method.rawValue) \($0.url.dropFirst(api.count))" }
    }
}

/// Counts, from any task.
final class Count: Sendable {
    private let number = Mutex(0)

    /// The number of calls before this one.
    func next() -> Int {
        number.withLock { number in
            defer { number += 1 }
            return number
        }
    }

    var value: Int { number.withLock { $0 } }
}
