// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import Testing

@testable import Forges

struct ResolvedNamesTests {
    private func texts(_ names: ResolvedNames, _ name: String = "a.example") async -> [String]? {
        do throws(Upstream.Failure) {
            return try await names.addresses(of: name).map(\.text)
        } catch {
            return error == .unknownHost ? nil : ["another error"]
        }
    }

    @Test func `a name is asked for again after 30 seconds, not before`() async {
        let stub = StubNames(["a.example": [["1.1.1.1"], ["8.8.8.8"]]])
        let clock = StubClock()
        let names = ResolvedNames(stub.resolver) { clock.now }
        #expect(await texts(names) == ["1.1.1.1"])
        clock.advance(by: .seconds(29))
        #expect(await texts(names) == ["1.1.1.1"])
        #expect(stub.questions.count == 1)
        clock.advance(by: .seconds(1))
        #expect(await texts(names) == ["8.8.8.8"])
        #expect(stub.questions.count == 2)
    }

    @Test func `a name without an address is asked for again after 5 seconds`() async {
        let stub = StubNames(["a.example": [[], ["8.8.8.8"]]])
        let clock = StubClock()
        let names = ResolvedNames(stub.resolver) { clock.now }
        #expect(await texts(names) == nil)
        #expect(await texts(names) == nil)
        #expect(stub.questions.count == 1)
        clock.advance(by: ResolvedNames.absence)
        #expect(await texts(names) == ["8.8.8.8"])
    }

    @Test func `what was known stands ten minutes when the name servers fail`() async {
        let stub = StubNames(["a.example": [["1.1.1.1"], []]])
        let clock = StubClock()
        let names = ResolvedNames(stub.resolver) { clock.now }
        #expect(await texts(names) == ["1.1.1.1"])
        clock.advance(by: .seconds(30))
        #expect(await texts(names) == ["1.1.1.1"])
        clock.advance(by: .seconds(569))
        #expect(await texts(names) == ["1.1.1.1"])
        clock.advance(by: .seconds(5))
        #expect(await texts(names) == nil)
    }

    @Test func `many who want one name at once make one question`() async {
        let count = Mutex(0)
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let (opened, door) = AsyncStream<Void>.makeStream()
        let names = ResolvedNames(
            Resolver { _ in
                count.withLock { $0 += 1 }
                arrival.yield()
                for await _ in opened { break }
                return [IPAddress("1.1.1.1")].compactMap { $0 }
            }, now: { ContinuousClock.now })
        await withTaskGroup(of: [String]?.self) { group in
            group.addTask { await self.texts(names) }
            for await _ in arrived { break }
            for _ in 0..<20 { group.addTask { await self.texts(names) } }
            door.yield()
            for await found in group { #expect(found == ["1.1.1.1"]) }
        }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func `who goes away does not spoil the name for the others`() async {
        let count = Mutex(0)
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let names = ResolvedNames(
            Resolver { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                guard number == 1 else { return [IPAddress("1.1.1.1")].compactMap { $0 } }
                arrival.yield()
                while !Task.isCancelled { await Task.yield() }
                throw CancellationError()
            }, now: { ContinuousClock.now })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { #expect(await self.texts(names) == nil) }
            for await _ in arrived { break }
            group.cancelAll()
        }
        #expect(await texts(names) == ["1.1.1.1"])
    }
}
