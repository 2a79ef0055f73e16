// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// The user's own project, which is there even while nothing is in it, then every project that the user can see.
    /// Bitbucket has no membership: whoever has a right in a project sees it.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-project/#api-api-latest-projects-get
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let own = Namespace(key: "~" + (try await account().login))
        let projects = try await list(of: WireProject.self, "/projects").map(Namespace.init)
        return [own] + projects.filter { $0.id.lowercased() != own.id.lowercased() }
    }

    /// A project. A user's own has the type `PERSONAL` and an owner.
    struct WireProject: Decodable {
        struct Owner: Decodable {
            let slug: String
        }

        let key: String
        let owner: Owner?
    }
}

extension Namespace {
    init(key: String) {
        self.init(id: key, name: key)
    }

    /// A user's own project by the user's slug: its key is the slug in capitals.
    init(_ wire: BitbucketServer.WireProject) {
        self.init(key: wire.owner.map { "~" + $0.slug } ?? wire.key)
    }
}
