// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Points in time as GitLab writes them: one form for what its database holds, another for what git holds.
enum GitLabTime {
    /// `2020-08-27T09:57:00.000Z`, from Unix time in seconds.
    static func record(_ seconds: Int64) -> String {
        "\(clock(seconds)).000Z"
    }

    /// `2019-09-10T16:05:10.000+02:00`, in the time zone of whoever made the commit or tag.
    static func signature(_ signature: GitSignature) -> String {
        let minutes = abs(signature.offset)
        let sign = signature.offset < 0 ? "-" : "+"
        let local = signature.time + Int64(signature.offset) * 60
        return "\(clock(local)).000\(sign)\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
    }

    /// `2024-09-27`, from Unix time in seconds.
    static func day(_ seconds: Int64) -> String {
        String(clock(seconds).prefix(10))
    }

    /// `Thu, 27 Aug 2020 09:20:38 GMT`, from Unix time in seconds.
    static func http(_ seconds: Int64) -> String {
        let date = civil(seconds)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[Int((seconds / 86_400) % 7)]
        let time = clock(seconds).dropFirst(11)
        return "\(weekday), \(padded(date.day, 2)) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    /// Unix time in seconds of `2020-08-27`, `2020-08-27T09:57:00Z` or with an offset; nil for anything else.
    static func parse(_ text: String) -> Int64? {
        let parts = text.split(whereSeparator: { $0 == "T" || $0 == " " })
        guard let date = parts.first?.split(separator: "-").compactMap({ Int($0) }), date.count == 3,
            (1...12).contains(date[1]), (1...31).contains(date[2]), (0...9999).contains(date[0]), parts.count <= 2
        else { return nil }
        let midnight = days(year: date[0], month: date[1], day: date[2]) * 86_400
        guard parts.count == 2 else { return midnight }
        let split = parts[1].firstIndex { $0 == "Z" || $0 == "+" || $0 == "-" } ?? parts[1].endIndex
        let time = parts[1][..<split].split(separator: ":").compactMap { Double($0) }
        guard (2...3).contains(time.count), time[0] < 24, time[1] < 60, time.allSatisfy({ (0..<61).contains($0) })
        else {
            return nil
        }
        var offset = 0
        let zone = parts[1][split...].filter { $0 != ":" }
        if let sign = zone.first, sign != "Z" {
            guard zone.count == 5, let digits = Int(zone.dropFirst()) else { return nil }
            offset = (digits / 100 * 60 + digits % 100) * (sign == "-" ? -60 : 60)
        }
        return midnight + Int64(time[0] * 3600 + time[1] * 60 + (time.count == 3 ? time[2] : 0)) - Int64(offset)
    }

    private static func clock(_ seconds: Int64) -> String {
        let date = civil(seconds)
        let time = Int(seconds - floorDivide(seconds, 86_400) * 86_400)
        let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        return "\(day)T\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
    }

    /// The proleptic Gregorian calendar counted from 1 March 0000, so that the leap day is a year's last.
    private static func civil(_ seconds: Int64) -> (year: Int, month: Int, day: Int) {
        let days = Int(floorDivide(seconds, 86_400)) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}
