// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A region of Huawei Cloud, as the names of its hosts tell it.
///
/// The API is at `codehub-ext.REGION.myhuaweicloud.com`, in some regions under another first word; git at
/// `codehub.devcloud.REGION.huaweicloud.com`; the pages at `devcloud.REGION.huaweicloud.com`; the service that gives
/// tokens at `iam.REGION.myhuaweicloud.com`.
/// https://support.huaweicloud.com/intl/en-us/api-codeartsrepo/codeartsrepo_05_0001.html
struct CodeArtsRegion: Hashable, Sendable {
    /// For example `cn-north-4`. Also the name of IAM's project for the region.
    let name: String
    /// The first word of the API's host.
    private let service: String

    static let domains = ["myhuaweicloud.com", "huaweicloud.com"]

    /// Where the API's host does not begin with `codehub-ext`.
    private static let services = [
        "la-south-2": "codeartsrepo-ext", "tr-west-1": "codeartsrepo-ext", "eu-west-101": "codeartsrepo-ext",
        "me-east-1": "repo", "af-south-1": "repo", "af-north-1": "repo",
    ]

    /// Beijing 4, where most of CodeArts' users are: meant where nobody names a region.
    static let usual = CodeArtsRegion("cn-north-4")

    private init(_ name: String) {
        self.name = name
        service = Self.services[name] ?? "codehub-ext"
    }

    /// nil for a host that is none of Huawei Cloud's regions. The API's own hosts are taken as they are named.
    init?(host: String) {
        guard let domain = Self.domains.first(where: { host.hasSuffix("." + $0) }) else { return nil }
        let words = host.dropLast(domain.utf8.count + 1).split(separator: ".", omittingEmptySubsequences: false)
        guard words.count >= 2, let first = words.first, let last = words.last, Self.isRegion(last) else { return nil }
        name = String(last)
        let isAPI = words.count == 2 && ["codehub-ext", "codeartsrepo-ext", "repo"].contains(String(first))
        service = isAPI ? String(first) : Self.services[name] ?? "codehub-ext"
    }

    /// The address of the API.
    var api: String { "https://\(service).\(name).myhuaweicloud.com" }

    /// The address of the service that gives tokens.
    var identity: String { "https://iam.\(name).myhuaweicloud.com" }

    /// Whether a host, of git or of pages, is one of the same region.
    func contains(host: String) -> Bool {
        CodeArtsRegion(host: host)?.name == name
    }

    /// `cn-north-4`, `eu-west-101`: letters, letters and digits.
    private static func isRegion(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let letters: (Substring) -> Bool = { !$0.isEmpty && $0.utf8.allSatisfy { (0x61...0x7A).contains($0) } }
        guard parts.count == 3, let number = parts.last else { return false }
        return parts.dropLast().allSatisfy(letters) && String(number).isNumber
    }
}
