// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation

/// A policy in a file, or on standard input.
struct PolicyFile: ExpressibleByArgument {
    let path: String

    init?(argument: String) {
        path = argument
    }

    static let help: ArgumentHelp = "The file with the policy in JSON; - for standard input."

    /// The text, tried.
    /// - Throws: ``Refusal`` with the place in the text where it is no policy.
    func read(for kind: Policy.Kind) throws -> String {
        let bytes = try self.bytes()
        do throws(Policy.Invalid) {
            _ = try Policy(bytes, for: kind)
        } catch {
            throw Refusal(error.description)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func bytes() throws -> [UInt8] {
        do {
            let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            // One more than is taken: the reader says that it is too much.
            return Array(try file.read(upToCount: Policy.sizeLimit + 1) ?? Data())
        } catch {
            throw Refusal("The file \(path) cannot be read. Check its path and who may read it.")
        }
    }
}
