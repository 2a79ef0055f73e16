// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// A body of type `multipart/form-data`, as `curl --form` sends it: what GitLab's own documentation uses in its examples.
enum GitLabMultipart {
    /// - Throws: ``GitLabRefusal`` where there is no boundary or a part is not UTF-8 text.
    static func fields(of request: ForgeRequest, _ body: [UInt8]) throws(GitLabRefusal) -> FormFields {
        guard let form = Multipart(body, type: request.headers[.contentType] ?? "") else { throw malformed }
        var fields: [(String, String)] = []
        for part in form.parts {
            guard let value = String(validating: part.bytes, as: UTF8.self) else { throw malformed }
            if let name = part.name { fields.append((name, value)) }
        }
        return FormFields(fields)
    }

    private static let malformed = GitLabRefusal.error(400, "message body does not match declared format")
}
