// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a sandbox lives: a folder that is kept, or a temporary one that is deleted at the end.
struct StateDirectory: Sendable {
    let path: String
    let isKept: Bool

    private static let prefix = "gatehouse-sandbox-"
    /// Locked for as long as the sandbox runs; the system unlocks it however the sandbox ends.
    private static let lockFile = "running"

    init(_ kept: String?) throws {
        isKept = kept != nil
        let temporary = FileManager.default.temporaryDirectory
        path = kept.map { URL(filePath: $0).path } ?? temporary.appending(path: Self.prefix + UUID().uuidString).path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Refusal("The folder \(path) cannot be made. Choose another one: --state.")
        }
        guard !isKept else { return }
        _ = Self.lock(path)
        Self.removeAbandoned(in: temporary.path)
    }

    func removeIfTemporary() {
        guard !isKept else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("The folder \(path) could not be deleted.")
        }
    }

    /// Deletes what sandboxes have left that were killed. A folder that cannot be deleted is nobody's loss.
    private static func removeAbandoned(in temporary: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let folder = "\(temporary)/\(name)"
            guard FileManager.default.fileExists(atPath: "\(folder)/\(lockFile)"), let descriptor = lock(folder) else {
                continue
            }
            try? FileManager.default.removeItem(atPath: folder)
            close(descriptor)
        }
    }

    /// nil where a running sandbox holds the lock. The descriptor stays open.
    private static func lock(_ folder: String) -> Int32? {
        let descriptor = open("\(folder)/\(lockFile)", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
