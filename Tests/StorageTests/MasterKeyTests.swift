// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Testing

@testable import Storage

struct MasterKeyTests {
    private static let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    private static let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @Test(arguments: [hex, hex.uppercased(), base64, "\n \(base64)\r\n", String(base64.dropLast())])
    func `one key can be written in several ways`(text: String) throws {
        #expect(try MasterKey(text: text).base64 == Self.base64)
    }

    @Test func `the alphabet for addresses is read too`() throws {
        let standard = "++//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw="
        #expect(try MasterKey(text: "--__AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=").base64 == standard)
    }

    @Test(arguments: [
        "", " ", "secret", String(hex.dropLast()), hex + "00", String(repeating: "z", count: 64),
        String(repeating: "0", count: 64), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", base64 + base64,
        "AAECAwQFBgcICQoL DA0ODxAREhMUFRYXGBkaGxwdHh8=", "A",
    ])
    func `anything else is refused without being repeated`(text: String) {
        let error = #expect(throws: StoreError.self) { try MasterKey(text: text) }
        #expect(error?.code == .masterKeyRefused)
        #expect(text.count < 6 || error?.description.contains(text) == false)
    }

    @Test func `a key does not print`() throws {
        let key = try MasterKey(text: Self.hex)
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(Self.base64) && !text.contains("32"))
        }
    }

    @Test func `the first start of an empty store makes a key file that only its user may read`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/master.key"
            let store = try SQLiteStore(path: directory + "/store")
            let made = try await KeySource.file(path).load(makingOneFor: store)
            #expect(try mode(of: path) == 0o600)
            #expect(try await KeySource.file(path).load(makingOneFor: store).text == made.text)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.contains("key.") }.isEmpty)
            _ = try await Vault(store: store, keys: .file(path))
        }
    }

    @Test func `two first starts at once end with one key`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let keys = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let store = try SQLiteStore(path: directory + "/store")
                        let source = KeySource.file(directory + "/master.key")
                        let keys = try await source.load(makingOneFor: store)
                        _ = try await Vault(store: store, keys: source)
                        return keys.text
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(keys.count == 1)
        }
    }

    @Test func `a missing key file of a used store is never replaced`() async throws {
        try await Fixture.with { house in
            let path = house.directory + "/master.key"
            let error = await #expect(throws: StoreError.self) {
                try await KeySource.file(path).load(makingOneFor: house.store)
            }
            #expect(error?.code == .masterKeyRefused)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `another key is refused by a used store`() async throws {
        try await Fixture.with { house in
            let error = await #expect(throws: StoreError.self) {
                try await Vault(store: house.store, masterKey: .random())
            }
            #expect(error?.code == .masterKeyRefused)
            _ = try await Vault(store: house.store, masterKey: house.key)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o660, 0o666, 0o644, 0o601])
    func `a key file that others may touch is refused`(permissions: Int) async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/master.key"
            try Data(Self.hex.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
            let store = try SQLiteStore(path: directory + "/store")
            let error = await #expect(throws: StoreError.self) {
                try await KeySource.file(path).load(makingOneFor: store)
            }
            #expect(error?.code == .masterKeyRefused)
            #expect(error?.message.contains("chmod 600") == true)
        }
    }

    @Test(arguments: ["", "short", String(repeating: "x", count: 5000)])
    func `a key file of nonsense is refused and left as it is`(content: String) async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/master.key"
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: Data(content.utf8), attributes: [.posixPermissions: 0o600]))
            let store = try SQLiteStore(path: directory + "/store")
            let error = await #expect(throws: StoreError.self) {
                try await KeySource.file(path).load(makingOneFor: store)
            }
            #expect(error?.code == .masterKeyRefused)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
        }
    }

    @Test func `a directory, a pipe and a place that is not there are refused`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/store")
            #expect(mkfifo(directory + "/pipe", 0o600) == 0)
            for path in [directory, directory + "/pipe", directory + "/not/there/key"] {
                let error = await #expect(throws: StoreError.self) {
                    try await KeySource.file(path).load(makingOneFor: store)
                }
                #expect(error?.code == .masterKeyRefused)
            }
        }
    }
}

/// The permission bits of a file.
func mode(of path: String) throws -> Int {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return Int(status.st_mode & 0o777)
}
