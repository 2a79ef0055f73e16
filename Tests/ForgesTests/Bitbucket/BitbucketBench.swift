// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import TestSupport

/// What Bitbucket's tests share: bitbucket.org behind a network that answers from a script.
enum BitbucketBench {
    static let api = "https://api.bitbucket.org/2.0"
    static let token = "ATCTT3xCANARY-4711"
    static let beacon = RepositoryReference(namespace: "seamark", project: "beacon")
    static let repository = "/repositories/seamark/beacon"
    /// The commit that `main` is at.
    static let head = "4f1e2d3c4b5a69788796a5b4c3d2e1f001020304"
    static let source = repository + "/src/" + head + "/"
    static let readme = "# Beacon\n\nA light at sea.\n"
    static let readmeBlob = "50ceca748684ed4014661738dc4410a56b7d3b41"

    static func open(
        _ network: StubNetwork, _ credential: Credential = .personal(Secret(token)),
        host: ForgeHost = .official(.bitbucket)
    ) -> any Forge {
        host.open(.fixed(credential), upstream: network.upstream)
    }

    /// Bitbucket answers by the path below its API's base, with the query; 404 for the rest.
    static func network(_ answers: [String: Upstream.Response]) -> StubNetwork {
        StubNetwork(answering: { request in
            let path = String(request.url.dropFirst(api.count))
            return try answers[request.method.rawValue + " " + path]
                ?? .json(fixture("not_found"), status: 404)
        })
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("bitbucket/\(name).json")
    }

    static func answer(_ name: String, status: Int = 200) throws -> Upstream.Response {
        .json(try fixture(name), status: status)
    }

    static func step(
        _ method: Upstream.Method, _ path: String, _ name: String, status: Int = 200
    ) throws -> StubNetwork.Step {
        StubNetwork.Step(method, api + path, .success(try answer(name, status: status)))
    }

    static func raw(_ text: String) -> Upstream.Response {
        Upstream.Response(
            status: 200, headers: [Upstream.Header("Content-Type", "text/plain")], body: Array(text.utf8))
    }

    static func basic(_ pair: String) -> String {
        "Basic " + Data(pair.utf8).base64EncodedString()
    }

    /// The error that an act ends with; nil where it succeeds.
    static func error(of act: () async throws -> Void) async throws -> ForgeError? {
        do {
            try await act()
            return nil
        } catch let error as ForgeError {
            return error
        }
    }

    /// The parts of a `multipart/form-data` body: the disposition's line and the bytes.
    static func parts(of request: Upstream.Request) -> [(disposition: String, text: String)] {
        let type = request.header("Content-Type") ?? ""
        guard let boundary = type.split(separator: "boundary=").last, type.hasPrefix("multipart/form-data; ") else {
            return []
        }
        let pieces = request.text.components(separatedBy: "--\(boundary)")
        guard pieces.first == "", pieces.last == "--\r\n" else { return [] }
        return pieces.dropFirst().dropLast().map { piece in
            let halves = piece.components(separatedBy: "\r\n\r\n")
            let line = halves[0].components(separatedBy: "\r\n").first { $0.hasPrefix("Content-Disposition: ") } ?? ""
            let text = halves.dropFirst().joined(separator: "\r\n\r\n")
            return (String(line.dropFirst("Content-Disposition: form-data; ".count)), String(text.dropLast(1)))
        }
    }
}
