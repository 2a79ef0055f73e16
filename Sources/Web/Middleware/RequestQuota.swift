// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model

/// Holds each tenant to its requests a second. Behind ``Authentication``, since a stranger is no tenant's, and before the record: what
/// is too much leaves no event, or the record could be filled with it.
struct RequestQuota: RouterMiddleware {
    let quotas: Quotas

    func handle(
        _ request: Request, context: OpenContext, next: (Request, OpenContext) async throws -> Response
    ) async throws -> Response {
        if let caller = context.caller { try await quotas.admit(caller.tenant.id) }
        return try await next(request, context)
    }
}
