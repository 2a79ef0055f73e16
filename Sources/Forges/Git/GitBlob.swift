// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The name that git gives to a file's bytes.
/// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
enum GitBlob {
    /// 40 lower-case hexadecimal digits: SHA-1 over a short head and the bytes. Git's own name for content, not a
    /// protection against anybody.
    static func sha1(of bytes: [UInt8]) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: head(of: bytes))
        hash.update(data: bytes)
        return hexadecimal(hash.finalize())
    }

    /// Whether an object's name, of SHA-1 or of SHA-256, is the name of these bytes.
    static func isName(_ sha: String, of bytes: [UInt8]) -> Bool {
        if sha.utf8.count == 64 {
            var hash = SHA256()
            hash.update(data: head(of: bytes))
            hash.update(data: bytes)
            return hexadecimal(hash.finalize()) == sha.lowercased()
        }
        return sha1(of: bytes) == sha.lowercased()
    }

    private static func head(of bytes: [UInt8]) -> [UInt8] {
        Array("blob \(bytes.count)\0".utf8)
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
