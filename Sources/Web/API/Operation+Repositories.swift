// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import Hummingbird
import Model

extension Operation {
    /// The operations on repositories, their tags, commits and hooks.
    static func repositories(_ broker: Broker) -> [Operation] {
        [
            Operation("ListNamespaces", .get, "/repos/namespaces", .listNamespaces, about: .namespaces) { call in
                let namespaces = try await call.open(broker).namespaces()
                return list("namespaces", namespaces) { json, namespace in
                    json.object {
                        $0.member("id", namespace.id)
                        $0.member("name", namespace.name)
                    }
                }
            },
            Operation("ShowProjectDetail", .get, "/repos/project-info", .showProject, about: .foundRepository) { call in
                let address = try call.parameters.required("clone_url")
                let repository = try await call.open(broker).repository(cloneURL: address)
                var json = JSONWriter()
                json.object {
                    $0.member("namespace_id", repository.namespace.id)
                    $0.member("namespace", repository.namespace.name)
                    $0.member("project_id", repository.id)
                    $0.member("project", repository.name)
                }
                return json.response()
            },
            Operation("ListProjects", .get, "/repos/{namespace}/projects", .listProjects, about: .projects) { call in
                let repositories = try await call.open(broker).repositories(in: try call.namespace())
                return list("projects", repositories) { $0.repository($1) }
            },
            Operation("CreateProject", .post, "/repos/{namespace}/projects", .createProject, about: .newProject) {
                call in
                let repository = try await call.forge(broker).createRepository(
                    named: try call.newName(), in: try call.namespace())
                var json = JSONWriter()
                json.repository(repository)
                return json.response()
            },
            Operation("ListBranches", .get, "/repos/{namespace}/{project}/branches", .listBranches, about: .branches) {
                call in
                let repository = try call.repository()
                return list("branches", try await call.open(broker).branches(of: repository)) { $0.string($1) }
            },
            Operation("ListTags", .get, "/repos/{namespace}/{project}/tags", .listTags, about: .repository) { call in
                let repository = try call.repository()
                return list("tags", try await call.forge(broker).tags(of: repository)) { $0.string($1) }
            },
            Operation("CreateTag", .post, "/repos/{namespace}/{project}/tags", .createTag, about: .head) { call in
                let repository = try call.repository()
                let ref = try call.ref()
                let body = try await Body(call.request)
                let draft = TagDraft(
                    name: try body.text("name", limit: 1024),
                    description: try body.present("description", limit: 65_536),
                    ref: ref)
                guard !draft.name.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
                    throw ProblemError.invalid(
                        "name must not hold spaces or control characters: git does not allow it.")
                }
                // git keeps a ref in a file, whose name has 255 bytes at most with `.lock` behind it.
                guard draft.name.pathParts.allSatisfy({ $0.utf8.count <= 250 }) else {
                    throw ProblemError.invalid(
                        "name has more than 250 bytes between its slashes. Choose a shorter one.")
                }
                guard Percent.slashesDecoded(Array(draft.name.utf8)).elementsEqual(draft.name.utf8) else {
                    throw ProblemError.invalid(
                        "name must not hold %2F: in DeleteTag's path it would mean a slash, and another tag.")
                }
                try await call.forge(broker).createTag(draft, in: repository)
                var json = JSONWriter()
                json.object { $0.member("name", draft.name) }
                return json.response()
            },
            Operation(
                "DeleteTag", .delete, "/repos/{namespace}/{project}/tags/{tag_name}", .deleteTag, about: .repository
            ) { call in
                let repository = try call.repository()
                let name = try call.parameters.path("tag_name")
                try await call.forge(broker).deleteTag(named: name, in: repository)
                return Response(status: .noContent)
            },
            Operation("ListCommits", .get, "/repos/{namespace}/{project}/commits", .listCommits, about: .headOrDefault)
            { call in
                let repository = try call.repository()
                let commits = try await call.forge(broker).commits(of: repository, at: call.target.ref)
                return list("commits", commits) { json, commit in
                    json.object {
                        $0.member("sha", commit.sha)
                        $0.member("message", commit.message)
                        $0.member("authored_date", commit.authoredDate)
                    }
                }
            },
            Operation("ListHooks", .get, "/repos/{namespace}/{project}/hooks", .listHooks, about: .repository) { call in
                let repository = try call.repository()
                let opened = try await call.open(broker)
                return list("hooks", try await opened.forge.hooks(of: repository)) {
                    $0.hook($1, of: opened.authorization.forge)
                }
            },
            Operation("CreateHook", .post, "/repos/{namespace}/{project}/hooks", .createHook, about: .repository) {
                call in
                let repository = try call.repository()
                let body = try await Body(call.request)
                let draft = HookDraft(url: try body.text("url", limit: 2048), secret: try body.secret("secret"))
                guard isHookAddress(draft.url) else {
                    throw ProblemError.invalid("url must be an http or https address with a host, and without a user.")
                }
                let opened = try await call.open(broker)
                var json = JSONWriter()
                json.hook(try await opened.forge.createHook(draft, in: repository), of: opened.authorization.forge)
                return json.response()
            },
            Operation(
                "DeleteHook", .delete, "/repos/{namespace}/{project}/hooks/{hook_id}", .deleteHook, about: .repository
            ) { call in
                let repository = try call.repository()
                let id = try call.parameters.segment("hook_id")
                try await call.forge(broker).deleteHook(id: id, in: repository)
                return Response(status: .noContent)
            },
        ]
    }

    static func list<Element>(
        _ name: StaticString, _ elements: [Element], _ write: (inout JSONWriter, Element) -> Void
    ) -> Response {
        var json = JSONWriter()
        json.object { $0.member(name) { $0.array(elements, write) } }
        return json.response()
    }
}

extension JSONWriter {
    fileprivate mutating func repository(_ repository: Repository) {
        object {
            $0.member("id", repository.id)
            $0.member("name", repository.name)
            $0.member("clone_url", repository.cloneURL)
        }
    }

    fileprivate mutating func hook(_ hook: Hook, of forge: ForgeID) {
        object {
            $0.member("id", hook.id)
            $0.member("type", forge.rawValue)
            $0.member("callback_url", hook.callbackURL)
        }
    }
}

/// A password in the address would be shown to everybody who may list the hooks.
private func isHookAddress(_ text: String) -> Bool {
    guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
        let host = url.host(), !host.isEmpty, url.user() == nil, url.password() == nil
    else { return false }
    return url.port.map { (1...65535).contains($0) } ?? true
}
