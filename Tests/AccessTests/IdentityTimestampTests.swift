// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Access

struct IdentityTimestampTests {
    @Test func `times are those of the library's calendar, from 1600 to 2600`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for seconds in stride(from: Int64(-11_676_096_000), to: 19_880_899_200, by: 7_654_321) {
            let text = Timestamp.basic(seconds: seconds)
            #expect(Timestamp.parse(basic: text) == seconds)
            let date = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
            let digits = [date.year, date.month, date.day, date.hour, date.minute, date.second].map { $0 ?? -1 }
            let expected =
                (digits[0] < 1000 ? "0" : "") + "\(digits[0])"
                + digits[1...].map { ($0 < 10 ? "0" : "") + "\($0)" }.joined()
            #expect(text.filter(\.isNumber) == expected)
        }
    }

    @Test func `bodies have microseconds`() {
        #expect(Timestamp.microseconds(milliseconds: 1_578_128_722_701) == "2020-01-04T09:05:22.701000Z")
        #expect(Timestamp.microseconds(milliseconds: 1_578_128_722_007) == "2020-01-04T09:05:22.007000Z")
        #expect(Timestamp.microseconds(milliseconds: -1) == "1969-12-31T23:59:59.999000Z")
    }
}
