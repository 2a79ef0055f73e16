// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension Collection<UInt8> {
    /// Compares what somebody has sent with what is secret: every byte is looked at, whether or not an earlier one differs, so
    /// that the time tells nothing but the lengths. `scripts/check-house.sh` finds `==` in its place.
    package func isEqualInConstantTime(to other: some Collection<UInt8>) -> Bool {
        count == other.count && zip(self, other).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
    }
}
