// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Users, workspaces and projects.
/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/ and
/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/
extension BitbucketCall {
    func currentUser() throws(BitbucketProblem) -> Response {
        .json(view.ownUser(try user))
    }

    func emails() throws(BitbucketProblem) -> Response {
        let email = try user.email
        return try BitbucketPage(self).response([
            [
                "type": "email", "email": .string(email), "is_primary": true, "is_confirmed": true,
                "links": ["self": BitbucketView.link("\(view.api)/user/emails/\(email)")],
            ]
        ])
    }

    /// The workspaces in which the caller is, and whether as an administrator: by slug, as Bitbucket has them.
    private func memberships() throws(BitbucketProblem) -> [(owner: RepositoryOwner, isAdministrator: Bool)] {
        let user = try user
        let groups = state.groups(of: user.id).map { group in
            (
                owner: RepositoryOwner.group(group.id),
                isAdministrator: state.role(of: user.id, inGroup: group.id).map { $0 >= .owner } ?? false
            )
        }
        return ([(owner: .user(user.id), isAdministrator: true)] + groups).sorted {
            view.slug($0.owner) < view.slug($1.owner)
        }
    }

    func userWorkspaces() throws(BitbucketProblem) -> Response {
        var found = try memberships()
        if let wanted = request.query["administrator"] {
            found = found.filter { String($0.isAdministrator) == wanted }
        }
        return try BitbucketPage(self).response(
            found.map { view.access($0.owner, isAdministrator: $0.isAdministrator) })
    }

    /// The way that `GET /user/workspaces` has taken the place of.
    func workspacePermissions() throws(BitbucketProblem) -> Response {
        let user = try user
        return try BitbucketPage(self).response(
            try memberships().map { view.membership($0.owner, of: user, isAdministrator: $0.isAdministrator) })
    }

    func workspacePermission() throws(BitbucketProblem) -> Response {
        let owner = try owner()
        guard let found = try memberships().first(where: { $0.owner == owner }) else {
            throw BitbucketProblem(403, "You do not have access to this workspace.")
        }
        return .json(view.membership(owner, of: try user, isAdministrator: found.isAdministrator))
    }

    func workspaces() throws(BitbucketProblem) -> Response {
        try BitbucketPage(self).response(try memberships().map { view.fullWorkspace($0.owner) })
    }

    func workspace() throws(BitbucketProblem) -> Response {
        .json(view.fullWorkspace(try owner()))
    }

    func projects() throws(BitbucketProblem) -> Response {
        try BitbucketPage(self).response([view.project(try owner(), isWhole: true)])
    }
}
