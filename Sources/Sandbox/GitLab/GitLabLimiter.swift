// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// GitLab's rate limiter: so many requests a minute for each token that has a limit. The others have none, as on a server
/// whose administrator has set none. https://docs.gitlab.com/security/rate_limits/
struct GitLabLimiter: Sendable {
    private let counter = RateCounter(windowLength: 60)

    /// The answer to a request beyond the token's limit; nil where it is within, or there is none.
    func refusal(for identity: Identity) -> Response? {
        guard let limit = identity.isThrottled ? 0 : identity.rateLimit else { return nil }
        let (reading, isWithin) = counter.count(identity.key, limit: limit)
        guard !isWithin else { return nil }
        let wait = max(reading.reset - AccountStore.now(), 1)
        var headers: HTTPFields = [.retryAfter: String(wait), .contentType: "text/plain"]
        for (name, value) in [
            ("RateLimit-Limit", String(limit)), ("RateLimit-Name", "throttle_authenticated_api"),
            ("RateLimit-Observed", String(limit + 1)), ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", String(reading.reset)), ("RateLimit-ResetTime", GitLabTime.http(reading.reset)),
        ] {
            if let field = HTTPField.Name(name) { headers[field] = value }
        }
        return .text(GitLabRefusal.rateLimitBody, status: .tooManyRequests, headers: headers)
    }
}
