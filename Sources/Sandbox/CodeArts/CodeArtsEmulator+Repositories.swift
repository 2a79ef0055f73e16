// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension CodeArtsEmulator {
    /// https://support.huaweicloud.com/api-codeartsrepo/ListCurrentUserRepositories.html
    func userRepositories(_ call: CodeArtsCall) throws -> Response {
        let found = call.state.repositories.filter { call.state.role(of: call.user.id, in: $0) != nil }
        let sorted = try Self.sorted(found, call, ["created_at", "updated_at"], default: "created_at")
        return try call.page(sorted.map { call.view.listed($0, for: call.user) })
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepository.html
    func repository(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        return .codeArts(call.view.repository(repository, isEmpty: try await backend.git(repository).isEmpty()))
    }

    // MARK: Versions 1 and 2

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepoId.html
    func repositoryID(_ call: CodeArtsCall) throws -> Response {
        let path = (call.request.query["group_name"] ?? "") + "/" + (call.request.query["repository_name"] ?? "")
        guard let repository = call.state.repository(fullPath: path), call.state.mayRead(repository, as: call.user.id)
        else { throw CodeArtsRefusal.noRepository }
        return .codeArts(result: .integer(repository.id))
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/CreateRepository.html
    func createRepository(_ call: CodeArtsCall) async throws -> Response {
        let body = try await call.body()
        let name = body["name"]?.stringValue ?? ""
        guard CodeArtsName.isAllowed(name), name.count <= 256 else { throw CodeArtsRefusal.failed("仓库名称不合法") }
        let project = body["project_uuid"]?.stringValue.flatMap { call.state.group(fullPath: $0) }
        let group = body["group_id"]?.intValue.flatMap { call.state.group(id: $0) } ?? project
        guard let group, let project, project.parentID == nil, CodeArtsView.projectID(of: group) == project.path,
            let role = call.state.role(of: call.user.id, inGroup: group.id)
        else { throw CodeArtsRefusal.failed("项目不存在") }
        guard role >= .developer else { throw CodeArtsRefusal.failed("没有操作权限") }
        let now = AccountStore.now()
        let visibility: RepositoryVisibility = body["visibility_level"]?.intValue == 20 ? .public : .private
        let made = try await backend.createRepository(defaultBranch: "master") {
            state, id, directory throws(CodeArtsRefusal) in
            let path = group.fullPath + "/" + name
            guard state.repository(fullPath: path) == nil, state.group(fullPath: path) == nil else {
                throw .failed("仓库名称已存在")
            }
            return SandboxRepository(
                id: id, owner: .group(group.id), path: name, name: name, description: body["description"]?.stringValue,
                visibility: visibility, defaultBranch: "master", directory: directory, created: now, updated: now,
                pushed: nil, settings: ["uuid": .string(RandomText.hexadecimal(32))])
        }
        if body["enable_readme"]?.intValue == 1 {
            let git = backend.git(made)
            let blob = try await git.writeBlob(Array("# \(name)\n".utf8))
            let signature = GitSignature.now(name: call.user.login, email: call.user.email)
            let text = GitCommitText(message: "Initial commit", author: signature, committer: signature)
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: "master", parent: nil, text: text)
        }
        return .codeArts(result: ["repository_uuid": .string(call.view.uuid(made))])
    }

    /// The repository that the path names by its uuid.
    private func repository(uuid call: CodeArtsCall) throws(CodeArtsRefusal) -> SandboxRepository {
        let view = call.view
        guard let repository = call.state.repositories.first(where: { view.uuid($0) == call.path["uuid"] }),
            call.state.mayRead(repository, as: call.user.id)
        else { throw .noRepository }
        return repository
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/DeleteRepository.html
    func deleteRepository(_ call: CodeArtsCall) throws -> Response {
        let repository = try repository(uuid: call)
        guard call.state.mayAdminister(repository, as: call.user.id) else { throw CodeArtsRefusal.failed("没有操作权限") }
        try backend.deleteRepository(repository)
        return .codeArts(result: true)
    }

    func repositoryOfVersion1(_ call: CodeArtsCall) throws -> Response {
        let repository = try repository(uuid: call)
        let view = call.view.version2(repository, for: call.user)
        return .codeArts(result: [
            "createAt": view["created_at"] ?? nil, "groupName": view["group_name"] ?? nil,
            "httpUrl": view["https_url"] ?? nil, "id": view["repository_uuid"] ?? nil, "name": .string(repository.path),
            "projectId": view["project_uuid"] ?? nil, "projectIsDelete": "false",
            "repoId": .string(String(repository.id)), "sshUrl": view["ssh_url"] ?? nil,
            "visibilityLevel": view["visibility_level"] ?? nil, "webUrl": view["web_url"] ?? nil,
        ])
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepositoryByUuid.html
    func repositoryOfVersion2(_ call: CodeArtsCall) throws -> Response {
        .codeArts(result: call.view.version2(try repository(uuid: call), for: call.user))
    }

    /// 0: it is there.
    func repositoryStatus(_ call: CodeArtsCall) throws -> Response {
        _ = try repository(uuid: call)
        return .codeArts(result: 0)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ListUserAllRepositories.html
    func allRepositories(_ call: CodeArtsCall) throws -> Response {
        let page = try call.number("page_index", default: 1, in: 1...1_000_000)
        let size = try call.number("page_size", default: 20, in: 1...100)
        let text = (call.request.query["search"] ?? "").lowercased()
        let found = call.state.repositories.filter {
            call.state.role(of: call.user.id, in: $0) != nil && (text.isEmpty || $0.name.lowercased().contains(text))
        }
        let shown = found.dropFirst((page - 1) * size).prefix(size).map { call.view.version2($0, for: call.user) }
        return .codeArts(result: ["total": .integer(found.count), "repositories": .array(shown)])
    }

    func nameExists(_ call: CodeArtsCall) throws -> Response {
        let path = call.path["project_uuid"] + "/" + call.path["name"]
        return .codeArts(result: .bool(call.state.repository(fullPath: path) != nil))
    }
}
