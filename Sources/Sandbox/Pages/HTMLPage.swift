// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// A plain page with forms, without scripts. Every text is escaped.
struct HTMLPage: Sendable {
    struct Field: Sendable {
        let name: String
        var label: String = ""
        /// `text`, `password` or `hidden`.
        let type: String
        var value: String = ""
    }

    struct Form: Sendable {
        let action: String
        let fields: [Field]
        let button: String
    }

    let title: String
    var paragraphs: [String] = []
    var items: [String] = []
    var forms: [Form] = []

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        .html(
            text, status: status,
            headers: [
                .cacheControl: "no-store",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ])
    }

    private var text: String {
        var lines = [
            "<!DOCTYPE html>", "<html lang=\"en\">", "<meta charset=\"utf-8\">",
            "<title>\(Self.escape(title))</title>",
            "<style>body{font:16px sans-serif;max-width:30em;margin:3em auto;padding:0 1em}"
                + "label,button{display:block;margin:.7em 0}</style>",
            "<h1>\(Self.escape(title))</h1>",
        ]
        lines += paragraphs.map { "<p>\(Self.escape($0))</p>" }
        if !items.isEmpty { lines += ["<ul>"] + items.map { "<li>\(Self.escape($0))</li>" } + ["</ul>"] }
        for form in forms {
            lines.append("<form method=\"post\" action=\"\(Self.escape(form.action))\">")
            for field in form.fields {
                let input =
                    "<input type=\"\(field.type)\" name=\"\(Self.escape(field.name))\" "
                    + "value=\"\(Self.escape(field.value))\">"
                lines.append(field.type == "hidden" ? input : "<label>\(Self.escape(field.label)) \(input)</label>")
            }
            lines += ["<button type=\"submit\">\(Self.escape(form.button))</button>", "</form>"]
        }
        return (lines + ["</html>", ""]).joined(separator: "\n")
    }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
