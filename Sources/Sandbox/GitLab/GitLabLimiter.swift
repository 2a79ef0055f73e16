// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Synchronization

/// GitLab's rate limiter: so many requests a minute for each token that has a limit; the others have none, as on a server
/// whose administrator has set none. https://docs.gitlab.com/security/rate_limits/
final class GitLabLimiter: Sendable {
    private struct Window {
        var minute: Int64
        var count: Int
    }

    private let windows = Mutex<[String: Window]>([:])

    /// The answer to a request beyond the token's limit; nil where it is within, or there is none.
    func refusal(for identity: Identity, now: Int64 = AccountStore.now()) -> Response? {
        guard let limit = identity.isThrottled ? 0 : identity.rateLimit else { return nil }
        let minute = now / 60
        let count = windows.withLock { windows in
            var window = windows[identity.key] ?? Window(minute: minute, count: 0)
            if window.minute != minute { window = Window(minute: minute, count: 0) }
            window.count += 1
            windows[identity.key] = window
            return window.count
        }
        guard count > limit else { return nil }
        let reset = (minute + 1) * 60
        var headers: HTTPFields = [.retryAfter: String(reset - now), .contentType: "text/plain"]
        for (name, value) in [
            ("RateLimit-Limit", String(limit)), ("RateLimit-Name", "throttle_authenticated_api"),
            ("RateLimit-Observed", String(count)), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", String(reset)),
            ("RateLimit-ResetTime", GitLabTime.http(reset)),
        ] {
            if let field = HTTPField.Name(name) { headers[field] = value }
        }
        return .text(GitLabRefusal.rateLimitBody, status: .tooManyRequests, headers: headers)
    }
}
