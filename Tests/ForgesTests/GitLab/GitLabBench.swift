// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport

/// What GitLab's tests share: gitlab.com behind a network that answers from a script.
enum GitLabBench {
    static let api = "https://gitlab.com/api/v4"
    static let token = "glpat-CANARY-4711"
    /// `orchard/tools/cider` by its id.
    static let cider = RepositoryReference(namespace: "52", project: "9001")
    static let project = api + "/projects/9001"
    static let notFound = #"{"message":"404 Not Found"}"#

    static func open(_ network: StubNetwork, host: ForgeHost = .official(.gitlab)) -> any Forge {
        host.open(.fixed(.personal(Secret(token))), upstream: network.upstream)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("gitlab/\(name).json")
    }

    static func link(next: String) -> [String: String] {
        ["Link": #"<\#(api)/first?page=1>; rel="first", <\#(next)>; rel="next""#]
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
    /// The body as text; empty where there is none.
    var text: String { String(decoding: body ?? [], as: UTF8.self) }
}
