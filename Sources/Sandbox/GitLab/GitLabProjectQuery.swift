// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Which projects a list shall have, and in which order.
/// https://docs.gitlab.com/api/projects/#list-all-projects
struct GitLabProjectQuery {
    let order: String
    let isDescending: Bool
    private let archived: Bool?
    private let visibility: String?
    private let search: String?
    private let searchesNamespaces: Bool
    private let owned: Bool
    private let starred: Bool
    private let membership: Bool
    private let leastAccess: Int?
    private let after: Int?
    private let before: Int?

    /// - Parameter isProjectList: whether the list is one of `/projects` or `/users/…/projects`, which know more filters
    ///   than that of a group.
    init(_ form: inout GitLabForm, isProjectList: Bool) {
        order = form.choice(
            "order_by",
            of: ["id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count"],
            default: "created_at")
        isDescending = form.choice("sort", of: ["asc", "desc"], default: "desc") == "desc"
        archived = form.flag("archived")
        visibility = form.choice("visibility", of: ["private", "internal", "public"])
        search = form.text("search")?.lowercased()
        owned = form.flag("owned", default: false)
        starred = form.flag("starred", default: false)
        leastAccess = form.integer("min_access_level")
        if let leastAccess, ![0, 5, 10, 15, 20, 30, 40, 50, 60].contains(leastAccess) {
            form.complain("min_access_level does not have a valid value")
        }
        var names = ["with_issues_enabled", "with_merge_requests_enabled", "with_custom_attributes"]
        names +=
            isProjectList
            ? ["statistics", "wiki_checksum_failed", "repository_checksum_failed"] : ["with_security_reports"]
        for name in names { _ = form.flag(name, default: false) }
        membership = isProjectList ? form.flag("membership", default: false) : false
        searchesNamespaces = isProjectList ? form.flag("search_namespaces") ?? false : false
        after = isProjectList ? form.integer("id_after") : nil
        before = isProjectList ? form.integer("id_before") : nil
    }

    func select(
        _ all: [SandboxRepository], in state: AccountState, for user: SandboxUser?
    ) -> [SandboxRepository] {
        all.filter { matches($0, in: state, for: user) }.sorted { one, other in
            let (first, second) = isDescending ? (other, one) : (one, other)
            switch order {
            case "name": return (first.name.lowercased(), first.id) < (second.name.lowercased(), second.id)
            case "path": return (first.path.lowercased(), first.id) < (second.path.lowercased(), second.id)
            case "created_at": return (first.created, first.id) < (second.created, second.id)
            case "updated_at", "last_activity_at":
                return (max(first.updated, first.pushed ?? 0), first.id)
                    < (max(second.updated, second.pushed ?? 0), second.id)
            default: return first.id < second.id
            }
        }
    }

    private func matches(_ project: SandboxRepository, in state: AccountState, for user: SandboxUser?) -> Bool {
        guard state.mayRead(project, as: user?.id), !starred else { return false }
        let role = user.flatMap { state.role(of: $0.id, in: project) }
        if owned, role != .owner { return false }
        if membership, role == nil { return false }
        if let leastAccess, (role?.rawValue ?? 0) < leastAccess { return false }
        if let archived, project.isArchived != archived { return false }
        if let visibility, project.visibility.rawValue != visibility { return false }
        if let after, project.id <= after { return false }
        if let before, project.id >= before { return false }
        guard let search, !search.isEmpty else { return true }
        let texts = searchesNamespaces ? [state.fullPath(of: project)] : [project.name, project.path]
        return (texts + [project.description ?? ""]).contains { $0.lowercased().contains(search) }
    }
}
