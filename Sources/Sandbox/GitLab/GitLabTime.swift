// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Points in time as GitLab writes them: one form for what its database holds, another for what git holds.
enum GitLabTime {
    /// `2020-08-27T09:57:00.000Z`, from Unix time in seconds.
    static func record(_ seconds: Int64) -> String {
        clock(seconds) + ".000Z"
    }

    /// `2019-09-10T16:05:10.000+02:00`, in the time zone of whoever made the commit or tag.
    static func signature(_ signature: GitSignature) -> String {
        let minutes = abs(signature.offset)
        let sign = signature.offset < 0 ? "-" : "+"
        let zone = [minutes / 60, minutes % 60].map { String(100 + $0).dropFirst() }.joined(separator: ":")
        return clock(signature.time + Int64(signature.offset) * 60) + ".000" + sign + zone
    }

    /// `2024-09-27`, from Unix time in seconds.
    static func day(_ seconds: Int64) -> String {
        String(clock(seconds).prefix(10))
    }

    /// `Thu, 27 Aug 2020 09:20:38 GMT`, from Unix time in seconds.
    static func http(_ seconds: Int64) -> String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = clock(seconds).split(whereSeparator: { $0 == "-" || $0 == "T" })
        guard parts.count == 4, let month = Int(parts[1]) else { return "" }
        return "\(weekdays[Int(seconds / 86_400 % 7)]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) GMT"
    }

    /// `2020-08-27T09:57:00` in UTC.
    private static func clock(_ seconds: Int64) -> String {
        String(Timestamp.utc(seconds).dropLast())
    }
}
