// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport

@testable import Forges

/// What Gitee's tests share: gitee.com behind a network that answers from a script.
enum GiteeBench {
    static let api = "https://gitee.com/api/v5"
    static let token = "CANARY-4711-token"
    static let loom = RepositoryReference(namespace: "mo", project: "loom")
    static let repo = api + "/repos/mo/loom"
    static let page = "?page=1&per_page=100"
    static let notFound = #"{"message":"404 Not Found"}"#
    /// What the branch `main` is at in the fixtures.
    static let tip = "8d1f3c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"
    static let readme = "e485fc0c549569c80966279fe63b477bad29232c"

    static func open(_ network: StubNetwork, host: ForgeHost = .official(.gitee)) -> any Forge {
        host.open(.fixed(.personal(Secret(token))), upstream: network.upstream)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("gitee/\(name).json")
    }

    static func location(_ path: String, _ ref: String = "main") -> FileLocation {
        FileLocation(repository: loom, path: path, ref: ref)
    }

    /// The error that an act ends with; nil where it succeeds.
    static func error(of act: () async throws -> Void) async throws -> ForgeError? {
        do {
            try await act()
            return nil
        } catch let error as ForgeError {
            return error
        }
    }
}

extension Upstream.Request {
    /// The body as JSON.
    func jsonBody() throws -> JSONTree { try JSONTree(parsing: body ?? []) }
}
