// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Values that are known for a while, at most so many: where there is no room, the one that was put in first goes.
struct ExpiringCache<Key: Hashable, Value> {
    private struct Entry {
        let value: Value
        let until: ContinuousClock.Instant
        /// Tells it from what the key had before.
        let number: Int
    }

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    /// In the order in which they were put in; what was replaced meanwhile stands in it too.
    private var order: [(key: Key, number: Int)] = []
    /// Where ``order`` begins.
    private var start = 0
    private var number = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { entries.count }

    func value(of key: Key, now: ContinuousClock.Instant) -> Value? {
        guard let entry = entries[key], now < entry.until else { return nil }
        return entry.value
    }

    mutating func put(
        _ value: Value, for key: Key, until: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) {
        guard now < until else { return }
        // Its own place in the order becomes an empty one.
        entries[key] = nil
        while start < order.count {
            let (first, number) = order[start]
            if let entry = entries[first], entry.number == number {
                guard now >= entry.until || entries.count >= capacity else { break }
                entries[first] = nil
            }
            start += 1
        }
        if start > 64, start * 2 > order.count {
            order.removeFirst(start)
            start = 0
        }
        number += 1
        entries[key] = Entry(value: value, until: until, number: number)
        order.append((key, number))
    }
}
