// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import CryptoExtras
import Dispatch
import FoundationEssentials
package import Model
import Synchronization

/// Hashes passwords with scrypt (RFC 7914), which needs much memory as well as time.
///
/// A hash takes tens of milliseconds of one core: it runs on a thread of its own, one at a time, apart from the threads that
/// serve requests, so that a flood of sign-ins can neither stop the API nor take all memory. Those who wait are counted;
/// beyond a limit they are refused.
package struct PasswordHashing: Sendable {
    /// How much a hash costs: memory is 128 · 2^`logRounds` · `blockSize` bytes.
    package struct Cost: Sendable, Hashable {
        package var logRounds: Int
        package var blockSize: Int
        package var parallelism: Int

        package init(logRounds: Int, blockSize: Int, parallelism: Int) {
            self.logRounds = logRounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 32 MiB and three passes, one of the equal choices of
        /// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html.
        package static let recommended = Cost(logRounds: 15, blockSize: 8, parallelism: 3)
    }

    private let cost: Cost
    private let line: WaitingLine

    package init(cost: Cost = .recommended, waitingLimit: Int = 64) {
        self.cost = cost
        line = WaitingLine(limit: waitingLimit)
    }

    /// A hash with its salt and parameters: `scrypt$logRounds$blockSize$parallelism$salt$hash`, the last two in base64.
    /// - Throws: ``AccessError/Code/tooManyAttempts``, ``AccessError/Code/invalidRequest`` for an empty password and one with a NUL.
    package func hash(_ password: Secret) async throws(AccessError) -> String {
        let salt = Self.salt()
        let cost = cost
        let derived = try await line.run { Self.derive(password, salt: salt, cost: cost, byteCount: 32) }
        guard let derived else { throw AccessError(.invalidRequest, "The password is empty or holds a NUL character.") }
        let parameters = "\(cost.logRounds)$\(cost.blockSize)$\(cost.parallelism)"
        return "scrypt$\(parameters)$\(salt.base64EncodedString())$\(derived.base64EncodedString())"
    }

    /// Whether a password is the one that was hashed. Where there is no hash, since there is no such user, the same work is
    /// done for nothing: the time must not tell which names exist.
    /// - Throws: ``AccessError/Code/tooManyAttempts``.
    package func verify(_ password: Secret, against stored: String?) async throws(AccessError) -> Bool {
        let known = stored.flatMap { StoredHash($0) }
        let hash = known ?? StoredHash(cost: cost, salt: Data(repeating: 0, count: 16), hash: Data(count: 32))
        let derived = try await line.run {
            Self.derive(password, salt: hash.salt, cost: hash.cost, byteCount: hash.hash.count)
        }
        guard known != nil, let derived, derived.count == hash.hash.count else { return false }
        return derived.isEqualInConstantTime(to: hash.hash)
    }

    private static func salt() -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// nil for parameters that the library refuses, for an empty password, which it does not take, and for one with a NUL:
    /// HMAC, on which scrypt stands, fills its key up with NULs, so that `pw` and `pw\0` would be one password.
    private static func derive(_ password: Secret, salt: Data, cost: Cost, byteCount: Int) -> Data? {
        let bytes = Array(password.exposed.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        do {
            return try KDF.Scrypt.deriveKey(
                from: bytes, salt: salt, outputByteCount: byteCount, rounds: 1 << cost.logRounds,
                blockSize: cost.blockSize, parallelism: cost.parallelism
            ).withUnsafeBytes { Data($0) }
        } catch {
            return nil
        }
    }
}

/// A hash as it is stored, read back. Parameters beyond what any release has written are refused: a changed row must not
/// make a sign-in take all memory.
private struct StoredHash {
    let cost: PasswordHashing.Cost
    let salt: Data
    let hash: Data

    init(cost: PasswordHashing.Cost, salt: Data, hash: Data) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let logRounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = Data(base64Encoded: String(parts[4])),
            let hash = Data(base64Encoded: String(parts[5])), (1...17).contains(logRounds),
            (1...16).contains(blockSize), (1...8).contains(parallelism), !salt.isEmpty, (16...64).contains(hash.count)
        else { return nil }
        self.init(
            cost: PasswordHashing.Cost(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism),
            salt: salt, hash: hash)
    }
}

/// One thread's work, and how many wait for it.
private final class WaitingLine: Sendable {
    private let queue = DispatchQueue(label: "gatehouse.passwords", qos: .utility)
    private let waiting = Mutex(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws(AccessError) -> Value {
        let admitted = waiting.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard admitted else {
            throw AccessError(
                .tooManyAttempts, "Too many passwords wait to be checked. Try again in a few seconds.", retryAfter: 5)
        }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
