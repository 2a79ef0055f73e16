// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// The groups that the user belongs to, then the places of repositories that are in none: directly in a project, whose
    /// id then stands in the repository's address. Nobody has a namespace of their own.
    /// https://support.huaweicloud.com/api-codeartsrepo/ListGroups.html
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let groups = try await groups()
        var seen = Set(groups.map { $0.path.lowercased() })
        let places = try await listed().compactMap { $0.path?.namespace }.filter {
            seen.insert($0.lowercased()).inserted
        }
        return groups.map { Namespace(path: $0.path) } + places.map { Namespace(path: $0) }
    }

    func groups() async throws(ForgeError) -> [WireGroup] {
        try await list(of: WireGroup.self, "/v4/groups/list", [("order_by", "path"), ("sort", "asc")])
    }

    struct WireGroup: Decodable {
        let id: Int
        let full_path: String
        /// The project that the group is in, 32 hexadecimal digits.
        let project_id: String?

        /// As in an address for cloning.
        var path: String { full_path.split(separator: "/").joined(separator: "/") }

        /// Whether a caller's namespace, an id or a full path, means this group.
        func isNamed(_ namespace: String) -> Bool {
            namespace.isNumber ? id == Int(namespace) : path.lowercased() == namespace.lowercased()
        }
    }

    /// The group that a caller's namespace means; nil where the user belongs to no such group.
    func group(_ namespace: String) async throws(ForgeError) -> WireGroup? {
        try await groups().first { $0.isNamed(namespace) }
    }
}

extension Namespace {
    /// Known by its full path: a project has no number.
    init(path: String) {
        self.init(id: path, name: path)
    }
}

extension String {
    /// Whether the text is a CodeArts project's id: 32 hexadecimal digits.
    var isProjectID: Bool {
        utf8.count == 32
            && utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
            }
    }
}
