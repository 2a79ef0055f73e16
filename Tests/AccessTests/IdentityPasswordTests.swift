// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Testing

@testable import Access

struct IdentityPasswordTests {
    private let cheap = PasswordHashing(cost: .init(logRounds: 4, blockSize: 1, parallelism: 1))

    @Test(arguments: ["correct horse", "пароль 密码 \u{1F600}", "\n\t ", String(repeating: "x", count: 10_000)])
    func `a password is known by its hash, and no other is`(password: String) async throws {
        let hash = try await cheap.hash(Secret(password))
        #expect(!hash.contains(password))
        let right = try await cheap.verify(Secret(password), against: hash)
        #expect(right)
        for wrong in [password + "x", String(password.dropLast()), password.uppercased() + " ", password + "\0", ""] {
            let taken = try await cheap.verify(Secret(wrong), against: hash)
            #expect(!taken)
        }
    }

    @Test(arguments: ["", "\0", "pass\0word"])
    func `an empty password and one with a NUL are not hashed`(password: String) async throws {
        let error = try await accessError { _ = try await cheap.hash(Secret(password)) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `one password hashed twice gives two hashes`() async throws {
        let hashes = [try await cheap.hash(Secret("same")), try await cheap.hash(Secret("same"))]
        #expect(hashes[0] != hashes[1])
    }

    @Test func `a hash names the cost that it was made with`() async throws {
        let hash = try await cheap.hash(Secret("password"))
        #expect(hash.hasPrefix("scrypt$4$1$1$"))
        let dearer = PasswordHashing(cost: .init(logRounds: 5, blockSize: 2, parallelism: 2))
        let right = try await dearer.verify(Secret("password"), against: hash)
        #expect(right)
        let recommended = try await PasswordHashing().hash(Secret("password"))
        #expect(recommended.hasPrefix("scrypt$15$8$3$"))
    }

    @Test func `the function is the one of RFC 7914`() async throws {
        // Its third test vector: N = 16384, r = 8, p = 1, salt "SodiumChloride".
        let salt = Data("SodiumChloride".utf8).base64EncodedString()
        let hash = Data([
            0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd, 0x73, 0x48, 0x46, 0x1c, 0x06, 0xcd, 0x81, 0xfd, 0x38, 0xeb, 0xfd, 0xa8,
            0xfb, 0xba, 0x90, 0x4f, 0x8e, 0x3e, 0xa9, 0xb5, 0x43, 0xf6, 0x54, 0x5d, 0xa1, 0xf2, 0xd5, 0x43, 0x29, 0x55,
            0x61, 0x3f, 0x0f, 0xcf, 0x62, 0xd4, 0x97, 0x05, 0x24, 0x2a, 0x9a, 0xf9, 0xe6, 0x1e, 0x85, 0xdc, 0x0d, 0x65,
            0x1e, 0x40, 0xdf, 0xcf, 0x01, 0x7b, 0x45, 0x57, 0x58, 0x87,
        ]).base64EncodedString()
        let right = try await cheap.verify(Secret("pleaseletmein"), against: "scrypt$14$8$1$\(salt)$\(hash)")
        #expect(right)
    }

    @Test(arguments: [
        nil, "", "plain", "scrypt$", "scrypt$4$1$1$$", "scrypt$4$1$1$!!!!$AAAA", "scrypt$x$1$1$c2FsdA==$AAAA",
        "scrypt$30$8$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$4$999999$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$0$1$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$-1$1$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$4$1$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=$more",
        "bcrypt$4$1$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ])
    func `no hash, and what is none, fits no password`(stored: String?) async throws {
        for password in ["", "password", "\0"] {
            let taken = try await cheap.verify(Secret(password), against: stored)
            #expect(!taken)
        }
    }

    @Test func `those who wait beyond the limit are refused, and the next ones are not`() async throws {
        let narrow = PasswordHashing(cost: .init(logRounds: 12, blockSize: 8, parallelism: 1), waitingLimit: 2)
        let refused = try await withThrowingTaskGroup(of: AccessError?.self, returning: [AccessError].self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await accessError { _ = try await narrow.verify(Secret("password"), against: nil) }
                }
            }
            return try await group.reduce(into: []) { if let error = $1 { $0.append(error) } }
        }
        #expect(!refused.isEmpty && refused.count <= 38)
        #expect(refused.allSatisfy { $0.code == .tooManyAttempts })
        let after = try await accessError { _ = try await narrow.verify(Secret("password"), against: nil) }
        #expect(after == nil)
    }
}
