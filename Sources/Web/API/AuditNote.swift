// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model

/// What a request leaves in the record: one event, whatever becomes of the request.
struct AuditNote: Sendable {
    let action: String
    let record: AuditRecord
    let requestID: String
    let source: RequestSource
    let trace = AuditTrace()
    private let time: Int64
    private let began = ContinuousClock.now

    init(_ action: String, _ record: AuditRecord, requestID: String, source: RequestSource) {
        self.action = action
        self.record = record
        self.requestID = requestID
        self.source = source
        time = record.now
    }

    /// Runs a handler and records what became of it.
    /// - Parameters:
    ///   - isChange: whether the event must be in the store before the answer is sent.
    ///   - caller: asked when the handler has ended; without one there is no record to write to, and nothing was touched.
    func recording(
        isChange: Bool, by caller: () -> Caller?, _ handle: () async throws -> Response
    ) async throws -> Response {
        switch await result(of: handle) {
        case .success(let response):
            if let event = event(by: caller(), status: response.status, code: nil) {
                if isChange, response.status.kind == .successful { try await write(event) } else { record.note(event) }
            }
            return response
        case .failure(let error):
            let problem = Problem(error)
            if let event = event(by: caller(), status: problem.status, code: problem.code) { record.note(event) }
            throw error
        }
    }

    /// Records what has been done for a caller who became known by it.
    /// - Parameter key: the id of the access key that was made.
    /// - Throws: ``AccessError/Code/unavailable`` where it was done and could not be recorded.
    func write(_ status: HTTPResponse.Status, by caller: Caller, key: String?) async throws {
        guard var event = event(by: caller, status: status, code: nil) else { return }
        event.authorization = key
        try await write(event)
    }

    private func result(of handle: () async throws -> Response) async -> Result<Response, any Error> {
        do {
            return .success(try await handle())
        } catch {
            return .failure(error)
        }
    }

    private func event(by caller: Caller?, status: HTTPResponse.Status, code: String?) -> AuditEvent? {
        guard let caller else { return nil }
        var event = trace.event(action, by: caller, in: caller.tenant.id, time: time)
        event.status = status.code
        event.errorCode = code
        event.requestID = requestID
        event.source = source.address?.shortest
        event.duration = Int64((ContinuousClock.now - began) / .milliseconds(1))
        return event
    }

    /// What cannot be recorded is not acknowledged. It has been done, and the answer says so.
    private func write(_ event: AuditEvent) async throws {
        do {
            try await record.write(event)
        } catch {
            throw AccessError(
                .unavailable,
                "This was done, and could not be recorded. Look at what is there before you do it again.",
                cause: "\(error)")
        }
    }
}

extension Action {
    /// Whether it makes, replaces or deletes authorizations, or what may go through them.
    var changesAuthorizations: Bool {
        [.createAuthorization, .deleteAuthorization, .setUsePolicy, .deleteUsePolicy].contains(self)
    }
}
