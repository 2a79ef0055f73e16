// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Says on standard error how far something is, once a second. What is over within a second says nothing.
final class ProgressLine: Sendable {
    private let what: String
    private let began = ContinuousClock.now
    private let said: Mutex<ContinuousClock.Instant>

    init(_ what: String) {
        self.what = what
        said = Mutex(.now)
    }

    /// - Parameter remaining: nil where it is not known.
    func show(_ done: Int, remaining: Int? = nil) {
        let now = ContinuousClock.now
        let isDue = said.withLock { last in
            guard now - last >= .seconds(1) else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let left = remaining.map { ", \($0) left" } ?? ""
        FileHandle.standardError.write(Data("\(what): \(done)\(left), \(rate(done)) a second\n".utf8))
    }

    func rate(_ done: Int) -> Int {
        let elapsed = Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000
        return elapsed > 0 ? Int(Double(done) / elapsed) : done
    }
}
