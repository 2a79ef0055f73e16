// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Synchronization

/// A network that answers from a script and remembers what it was asked.
///
/// The script is held to, step by step: a request that is not the next one, or one after the last, gets no answer and
/// is a complaint. A test ends with `#expect(network.complaints.isEmpty)`, which also finds steps never asked for.
package final class StubNetwork: Sendable {
    /// One expected request and its answer.
    package struct Step: Sendable {
        package let method: Upstream.Method
        /// The whole address, percent-encoded, with its query.
        package let url: String
        package let answer: Result<Upstream.Response, Upstream.Failure>

        package init(
            _ method: Upstream.Method, _ url: String, _ answer: Result<Upstream.Response, Upstream.Failure>
        ) {
            self.method = method
            self.url = url
            self.answer = answer
        }

        package init(
            _ method: Upstream.Method, _ url: String, status: Int = 200, headers: [String: String] = [:],
            json: String = ""
        ) {
            self.init(method, url, .success(.json(json, status: status, headers: headers)))
        }
    }

    private struct State {
        var steps: ArraySlice<Step>
        var requests: [Upstream.Request] = []
        var surprises: [String] = []
    }

    private let state: Mutex<State>
    private let handler: (@Sendable (Upstream.Request) async throws -> Upstream.Response)?

    /// Answers these requests, in this order, once each.
    package init(_ steps: [Step]) {
        state = Mutex(State(steps: steps[...]))
        handler = nil
    }

    package convenience init(_ steps: Step...) {
        self.init(steps)
    }

    /// Answers every request by a function.
    package init(answering handler: @escaping @Sendable (Upstream.Request) async throws -> Upstream.Response) {
        state = Mutex(State(steps: []))
        self.handler = handler
    }

    package var upstream: Upstream {
        Upstream { request in try await self.answer(request) }
    }

    /// All requests so far, in their order.
    package var requests: [Upstream.Request] {
        state.withLock { $0.requests }
    }

    /// Requests that the script does not have, and steps that nobody asked for.
    package var complaints: [String] {
        state.withLock { state in
            state.surprises + state.steps.map { "never asked: \($0.method.rawValue) \($0.url)" }
        }
    }

    private func answer(_ request: Upstream.Request) async throws -> Upstream.Response {
        let step = state.withLock { state -> Step? in
            state.requests.append(request)
            guard handler == nil else { return nil }
            guard let next = state.steps.first, next.method == request.method, next.url == request.url else {
                let wanted = state.steps.first.map { "\($0.method.rawValue) \($0.url)" } ?? "nothing"
                state.surprises.append("asked: \(request.method.rawValue) \(request.url), script has \(wanted)")
                return nil
            }
            state.steps.removeFirst()
            return next
        }
        if let handler { return try await handler(request) }
        guard let step else { throw Upstream.Failure.unreachable("not in the script") }
        return try step.answer.get()
    }
}

extension Upstream.Response {
    /// An answer with a JSON body; with none where `text` is empty.
    package static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> Upstream.Response {
        var all = headers.sorted { $0.key < $1.key }.map { Upstream.Header($0.key, $0.value) }
        if !headers.keys.contains(where: { $0.lowercased() == "content-type" }), !text.isEmpty {
            all.append(Upstream.Header("Content-Type", "application/json; charset=utf-8"))
        }
        return Upstream.Response(status: status, headers: all, body: Array(text.utf8))
    }
}
