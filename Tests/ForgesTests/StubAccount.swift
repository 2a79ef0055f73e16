// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport

@testable import Forges

/// A user at each forge, enough for `account()`.
enum StubAccount {
    static func network(of forge: ForgeID) -> StubNetwork {
        StubNetwork(answering: { try answer($0, of: forge) })
    }

    static func answer(_ request: Upstream.Request, of forge: ForgeID) throws -> Upstream.Response {
        switch forge {
        case .github: .json(#"{"login":"octocat","html_url":"https://github.com/octocat","avatar_url":""}"#)
        case .gitlab:
            .json(#"{"id":1,"username":"octocat","web_url":"https://gitlab.com/octocat","avatar_url":null}"#)
        case .devcloud:
            request.url == CodeArtsBench.tokens
                ? try CodeArtsBench.token("t") : .json(#"{"id":1,"name":"octocat","username":"0a1b2c"}"#)
        case .gitea: .json(#"{"id":1,"login":"octocat","avatar_url":""}"#)
        case .gitee: .json(#"{"id":1,"login":"octocat","html_url":"https://gitee.com/octocat","avatar_url":null}"#)
        case .bitbucket: .json(#"{"uuid":"{1}","nickname":"octocat"}"#)
        }
    }

    /// A credential of a kind that the forge takes.
    static func credential(of forge: ForgeID) -> Credential {
        forge.modes.contains(.personal) ? .personal(Secret("t")) : .password(user: "a/b", password: Secret("t"))
    }
}
