// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

extension ForgeHost {
    /// The adapter for this host: the one place that knows which forge is spoken to by which type.
    /// - Parameters:
    ///   - source: the user's credential, asked for at every call.
    ///   - upstream: the way out.
    package func open(_ source: CredentialSource, upstream: Upstream) -> any Forge {
        switch forge {
        case .github: GitHub(host: self, source: source, upstream: upstream)
        case .gitlab: GitLab(host: self, source: source, upstream: upstream)
        case .devcloud: CodeArts(host: self, source: source, upstream: upstream)
        case .gitea: Gitea(host: self, source: source, upstream: upstream)
        case .gitee: Gitee(host: self, source: source, upstream: upstream)
        case .bitbucket where isDataCenter: BitbucketServer(host: self, source: source, upstream: upstream)
        case .bitbucket: Bitbucket(host: self, source: source, upstream: upstream)
        }
    }
}
