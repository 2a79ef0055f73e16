// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a caller wants to do, as far as permission is concerned. The raw value is its name in policies; `docs/permissions.md` lists
/// which operation belongs to which.
///
/// Those of `servicestage` are the cloud's own, which has none for repositories:
/// https://support.huaweicloud.com/intl/en-us/service-authorization-iam5/iam_11_0071.html
package enum Action: String, CaseIterable, Sendable, Hashable {
    case listAuthorizations = "servicestage:repositoryAuth:list"
    case getAuthorization = "servicestage:repositoryAuth:get"
    case createAuthorization = "servicestage:repositoryAuth:create"
    case deleteAuthorization = "servicestage:repositoryAuth:delete"
    case getUsePolicy = "gatehouse:usePolicy:get"
    case setUsePolicy = "gatehouse:usePolicy:set"
    case deleteUsePolicy = "gatehouse:usePolicy:delete"
    case listNamespaces = "gatehouse:repository:listNamespaces"
    case showProject = "gatehouse:repository:showProject"
    case listProjects = "gatehouse:repository:listProjects"
    case createProject = "gatehouse:repository:createProject"
    case listBranches = "gatehouse:repository:listBranches"
    case listTags = "gatehouse:repository:listTags"
    case createTag = "gatehouse:repository:createTag"
    case deleteTag = "gatehouse:repository:deleteTag"
    case listCommits = "gatehouse:repository:listCommits"
    case listHooks = "gatehouse:repository:listHooks"
    case createHook = "gatehouse:repository:createHook"
    case deleteHook = "gatehouse:repository:deleteHook"
    case listFiles = "gatehouse:repository:listFiles"
    case getFile = "gatehouse:repository:getFile"
    case createFile = "gatehouse:repository:createFile"
    case updateFile = "gatehouse:repository:updateFile"
    case deleteFile = "gatehouse:repository:deleteFile"
    case readAudit = "gatehouse:audit:list"

    /// Whether it goes through an authorization to its forge.
    package var isOnRepositories: Bool {
        switch self {
        case .listAuthorizations, .getAuthorization, .createAuthorization, .deleteAuthorization, .getUsePolicy,
            .setUsePolicy, .deleteUsePolicy, .readAudit:
            false
        case .listNamespaces, .showProject, .listProjects, .createProject, .listBranches, .listTags, .createTag,
            .deleteTag, .listCommits, .listHooks, .createHook, .deleteHook, .listFiles, .getFile, .createFile,
            .updateFile, .deleteFile:
            true
        }
    }

    /// A name that stands for several actions, and so for this one too: the cloud's older action of the same right, or all reading or
    /// all writing in repositories.
    package var group: String? {
        switch self {
        case .listAuthorizations: "servicestage:app:list"
        case .getAuthorization: "servicestage:app:get"
        case .createAuthorization: "servicestage:app:create"
        case .deleteAuthorization: "servicestage:app:delete"
        case .getUsePolicy, .setUsePolicy, .deleteUsePolicy, .readAudit: nil
        case .listNamespaces, .showProject, .listProjects, .listBranches, .listTags, .listCommits, .listHooks,
            .listFiles, .getFile:
            "gatehouse:repository:read"
        case .createProject, .createTag, .deleteTag, .createHook, .deleteHook, .createFile, .updateFile, .deleteFile:
            "gatehouse:repository:write"
        }
    }

    /// All names that a policy may have it by.
    package var names: [String] { [rawValue] + (group.map { [$0] } ?? []) }
}
