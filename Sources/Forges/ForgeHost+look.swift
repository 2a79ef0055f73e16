// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// What a forge's host answers somebody who shows no credential.
package struct HostLook: Sendable {
    package let status: Int
    /// What the host's clock says, Unix time in seconds; nil where it does not say.
    package let date: Int64?
}

extension ForgeHost {
    /// Asks the API's address without a credential. Any answer shows that the host can be reached.
    package func look(over upstream: Upstream) async throws(ForgeError) -> HostLook {
        let response = try await upstream.send(Upstream.Request(.get, api), to: forge)
        return HostLook(status: response.status, date: response.header("Date").flatMap { HTTPDate.seconds($0) })
    }
}

/// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Unix time in seconds of `Sun, 06 Nov 1994 08:49:37 GMT`; nil for another form.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split { " ,:".contains($0) }
        guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])),
            let day = Int64(parts[1]), let year = Int64(parts[3]), let hour = Int64(parts[4]),
            let minute = Int64(parts[5]), let second = Int64(parts[6]),
            (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        // Days since 1 March of the year 0, months counted from March: the leap day is a year's last.
        let shifted = Int64(month + 10) % 12
        let years = month < 2 ? year - 1 : year
        let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * shifted + 2) / 5 + day - 1
        return (days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
    }
}
