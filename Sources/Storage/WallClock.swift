// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What time it is. One value for the whole house, so that a test can stand still or jump.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Int64

    package init(_ read: @escaping @Sendable () -> Int64) {
        self.read = read
    }

    /// Unix time in milliseconds.
    package var milliseconds: Int64 { read() }

    /// Unix time in whole seconds.
    package var seconds: Int64 { read() / 1000 }

    /// The machine's own clock.
    package static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
