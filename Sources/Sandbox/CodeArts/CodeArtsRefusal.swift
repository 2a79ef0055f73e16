// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Why a request is refused, in the two forms that CodeArts Repo has.
///
/// Version 4 answers a status and `{"error_code", "error_msg"}`; versions 1 and 2 answer 200 and an envelope,
/// `{"error": {"code", "message"}, "status": "failed"}`. Whoever is not let in hears so in the first form everywhere.
/// The codes `CH.00400000` and `CH.010200` are ours: Huawei's pages do not name one for a bad request.
/// https://support.huaweicloud.com/api-codeartsrepo/ShowRepoId.html
struct CodeArtsRefusal: Error, Sendable, Equatable {
    let status: Int
    let code: String
    let message: String

    static let noToken = CodeArtsRefusal(status: 401, code: "DEV.00000001", message: "未识别到用户认证信息")
    static let unknownToken = CodeArtsRefusal(status: 401, code: "DEV.00000002", message: "认证信息无法识别")
    static let expiredToken = CodeArtsRefusal(status: 401, code: "DEV.00000003", message: "认证信息过期")
    static let forbidden = CodeArtsRefusal(status: 403, code: "CH.00401001", message: "没有操作权限")
    static let notFound = CodeArtsRefusal(status: 404, code: "CH.00402000", message: "资源不存在")
    static let noRepository = CodeArtsRefusal(status: 200, code: "CH.010117", message: "指定仓库不存在")

    static func bad(_ message: String) -> CodeArtsRefusal {
        CodeArtsRefusal(status: 400, code: "CH.00400000", message: message)
    }

    /// Of versions 1 and 2.
    static func failed(_ message: String) -> CodeArtsRefusal {
        CodeArtsRefusal(status: 200, code: "CH.010200", message: message)
    }

    var response: Response {
        let body: JSON =
            status == 200
            ? ["error": ["code": .string(code), "message": .string(message)], "status": "failed"]
            : ["error_code": .string(code), "error_msg": .string(message)]
        return .json(body, status: HTTPResponse.Status(code: status), type: "application/json")
    }
}
