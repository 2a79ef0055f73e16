// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model

extension Operation {
    /// What an operation is about, and where its request names it. Policies are held against these values, and the handler has no others:
    /// both are of the one reading in ``Target``.
    struct Subject: Sendable {
        enum Source: Sendable, Hashable {
            /// The operation has no such thing.
            case none
            /// The segment of the path that is called so.
            case path
            case query(isRequired: Bool)
            case body
            /// The answer tells, or each entry of the answer has its own: ``Broker/Opened`` asks the policies then.
            case answer
        }

        var namespace = Source.none
        var project = Source.none
        /// The query's `ref`.
        var ref = Source.none
        var path = Source.none

        /// No authorization, no repository.
        static let nothing = Subject()
        /// Authorizations: the broker names them.
        static let authorization = Subject()
        /// All namespaces of the account.
        static let namespaces = Subject(namespace: .answer)
        /// A repository that only the forge can name.
        static let foundRepository = Subject(namespace: .answer, project: .answer)
        /// All repositories of a namespace.
        static let projects = Subject(namespace: .path, project: .answer)
        /// A repository that there is not yet.
        static let newProject = Subject(namespace: .path, project: .body)
        static let repository = Subject(namespace: .path, project: .path)
        /// All branches of a repository.
        static let branches = Subject(namespace: .path, project: .path, ref: .answer)
        /// A repository at a branch, a tag or a commit.
        static let head = Subject(namespace: .path, project: .path, ref: .query(isRequired: true))
        /// The same, and the default branch where none is named.
        static let headOrDefault = Subject(namespace: .path, project: .path, ref: .query(isRequired: false))
        /// All files of a repository.
        static let tree = Subject(namespace: .path, project: .path, ref: .query(isRequired: true), path: .answer)
        static let file = Subject(namespace: .path, project: .path, ref: .query(isRequired: true), path: .path)

        /// Which keys of conditions are declared here.
        var keys: Set<ConditionKey> {
            let sources = [(ConditionKey.namespace, namespace), (.project, project), (.branch, ref), (.path, path)]
            return Set(sources.compactMap { $1 == .none ? nil : $0 })
        }

        /// Reads what the request names.
        /// - Throws: 400.
        func target(of request: Request, _ parameters: RequestParameters) async throws -> Target {
            var target = Target()
            if namespace == .path { target.namespace = try parameters.place("namespace") }
            if project == .path { target.project = try parameters.place("project") }
            if project == .body { target.project = try await Self.newName(in: request) }
            switch ref {
            case .query(isRequired: true): target.ref = try parameters.required("ref")
            case .query(isRequired: false): target.ref = try parameters.optional("ref")
            case .none, .path, .body, .answer: break
            }
            if path == .path { target.path = try parameters.path("path") }
            target.facts = facts(of: target)
            return target
        }

        private static func newName(in request: Request) async throws -> String {
            let name = try await Body(request).text("name", limit: 255)
            guard !name.utf8.contains(UInt8(ascii: "/")),
                !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
            else { throw ProblemError.invalid("name must not hold '/' or control characters.") }
            return name
        }

        private func facts(of target: Target) -> [ConditionKey: Fact] {
            var facts: [ConditionKey: Fact] = [:]
            switch (target.namespace, target.project) {
            case (let namespace?, let project?):
                let names = Fact.names(of: RepositoryReference(namespace: namespace, project: project))
                (facts[.namespace], facts[.project]) = (names.namespace, names.project)
            case (let namespace?, nil): facts[.namespace] = .namespace(namespace)
            case (nil, _): break
            }
            if case .query = ref { facts[.branch] = .branch(target.ref) }
            if let path = target.path { facts[.path] = .value(path) }
            return facts
        }
    }

    /// What one request is about, decoded.
    struct Target: Sendable {
        fileprivate(set) var namespace: String?
        fileprivate(set) var project: String?
        fileprivate(set) var ref: String?
        fileprivate(set) var path: String?
        /// The same as policies see it.
        fileprivate(set) var facts: [ConditionKey: Fact] = [:]
    }
}

extension Operation.Call {
    /// The repository that the request names.
    func repository() throws -> RepositoryReference {
        RepositoryReference(namespace: try declared(target.namespace), project: try declared(target.project))
    }

    func namespace() throws -> String { try declared(target.namespace) }

    func newName() throws -> String { try declared(target.project) }

    /// The branch, tag or commit that the request names.
    func ref() throws -> String { try declared(target.ref) }

    func location() throws -> FileLocation {
        FileLocation(repository: try repository(), path: try declared(target.path), ref: try ref())
    }

    /// An operation can use only what its ``Operation/Subject`` declares; every operation's test would meet this.
    private func declared(_ value: String?) throws -> String {
        guard let value else {
            throw AccessError(
                .unavailable, "Something failed inside Gatehouse. Give the operator the request ID.",
                cause: "the operation uses what it does not declare")
        }
        return value
    }
}
