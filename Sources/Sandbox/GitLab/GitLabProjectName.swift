// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a project may be called. https://docs.gitlab.com/user/reserved_names/
enum GitLabProjectName {
    private static let nameRule =
        "can contain only letters, digits, emoji, '_', '.', '+', dashes, or spaces. It must start with a letter, digit, "
        + "emoji, or '_'."
    private static let pathRule =
        "can contain only letters, digits, '_', '-' or '.'. Cannot start with '-', end in '.git' or end in '.atom'"

    /// Refuses what GitLab does not allow, with every complaint at once.
    static func check(name: String, path: String) throws(GitLabRefusal) {
        var complaints: [(field: String, texts: [String])] = []
        let allowed = name.allSatisfy { $0.isLetter || $0.isNumber || "_.+- ".contains($0) || !$0.isASCII }
        let starts = name.first.map { $0.isLetter || $0.isNumber || $0 == "_" || !$0.isASCII } ?? false
        if name.isEmpty {
            complaints.append(("name", ["can't be blank"]))
        } else if !allowed || !starts {
            complaints.append(("name", [nameRule]))
        } else if name.count > 255 {
            complaints.append(("name", ["is too long (maximum is 255 characters)"]))
        }
        if path.isEmpty {
            complaints.append(("path", ["can't be blank"]))
        } else if !isPath(path) {
            complaints.append(("path", [pathRule]))
        } else if path.count > 255 {
            complaints.append(("path", ["is too long (maximum is 255 characters)"]))
        }
        if !complaints.isEmpty { throw .invalidRecord(complaints) }
    }

    static func isPath(_ text: String) -> Bool {
        let allowed = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
        return allowed && !text.isEmpty && !text.hasPrefix("-") && !text.hasSuffix(".git") && !text.hasSuffix(".atom")
            && text != "." && text != ".."
    }

    /// `My Project!` becomes `my-project`.
    static func parameterized(_ text: String) -> String {
        text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }.joined(separator: "-")
    }
}
