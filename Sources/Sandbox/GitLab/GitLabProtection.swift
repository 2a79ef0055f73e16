// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A branch or tag that is to be made, moved or removed.
struct GitLabRefChange: Sendable {
    enum Kind: Sendable { case creation, update, deletion }

    /// With its prefix, for example `refs/heads/main`.
    let name: String
    let kind: Kind
    /// Whether the change comes through the API (or a page) rather than by `git push`.
    let isFromAPI: Bool

    fileprivate func short(_ prefix: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }
}

/// What protected branches and tags forbid, in GitLab's sentences.
/// https://docs.gitlab.com/user/project/repository/branches/protected/
extension AccountState {
    /// Why a user may not make this change; nil where it is allowed. That a protected branch takes no forced push is not
    /// looked at here: it would need the pushed objects.
    func refusal(
        of change: GitLabRefChange, in project: SandboxRepository, by user: SandboxUser, defaultBranch: String?
    ) -> String? {
        let isMaintainer = mayAdminister(project, as: user.id)
        if let branch = change.short("refs/heads/") {
            return branchRefusal(
                branch, change, isProtected: project.protects(branch: branch), isMaintainer: isMaintainer,
                isDefault: branch == defaultBranch)
        }
        guard let tag = change.short("refs/tags/") else { return nil }
        return tagRefusal(
            tag, change, isProtected: project.protects(tag: tag), isMaintainer: isMaintainer,
            isDefault: tag == defaultBranch)
    }

    private func branchRefusal(
        _ branch: String, _ change: GitLabRefChange, isProtected: Bool, isMaintainer: Bool, isDefault: Bool
    ) -> String? {
        if change.kind == .deletion, isDefault { return "The default branch of a project cannot be deleted." }
        if change.kind == .creation, GitRepository.isObjectID(branch) {
            return "You cannot create a branch with a 40-character hexadecimal branch name."
        }
        guard isProtected else { return nil }
        switch change.kind {
        case .deletion:
            if !isMaintainer {
                return "You are not allowed to delete protected branches from this project. Only a project maintainer "
                    + "or owner can delete a protected branch."
            }
            return change.isFromAPI ? nil : "You can only delete protected branches using the web interface."
        case .creation:
            return isMaintainer ? nil : "You are not allowed to create protected branches on this project."
        case .update:
            return isMaintainer ? nil : "You are not allowed to push code to protected branches on this project."
        }
    }

    private func tagRefusal(
        _ tag: String, _ change: GitLabRefChange, isProtected: Bool, isMaintainer: Bool, isDefault: Bool
    ) -> String? {
        if change.kind != .deletion, GitRepository.isObjectID(String(tag.prefix(40))) {
            return "You cannot create a tag with a SHA-1 or SHA-256 tag name."
        }
        if change.kind == .creation, isDefault { return "You cannot use default branch name to create a tag" }
        guard isProtected else { return nil }
        switch change.kind {
        case .update: return "Protected tags cannot be updated."
        case .creation: return isMaintainer ? nil : "You are not allowed to create this tag as it is protected."
        case .deletion:
            if !isMaintainer {
                return "You are not allowed to delete protected tags from this project. Only a project maintainer or "
                    + "owner can delete a protected tag."
            }
            return change.isFromAPI ? nil : "You can only delete protected tags using the web interface."
        }
    }
}
