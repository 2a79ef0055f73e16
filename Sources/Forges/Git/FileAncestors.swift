// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Forge {
    /// Refuses a new file whose path leads through a file. Some servers put a directory in that file's place, in the same commit: the
    /// caller would have deleted what it has not seen.
    /// - Throws: ``ForgeError/Code/invalidRequest``, or what looking has met.
    func requireNoFile(above location: FileLocation, at forge: ForgeID) async throws(ForgeError) {
        var parts = location.path.pathParts.dropLast()
        while !parts.isEmpty {
            let path = parts.joined(separator: "/")
            if try await isFile(FileLocation(repository: location.repository, path: path, ref: location.ref)) {
                throw ForgeError(
                    .invalidRequest, forge,
                    "\(Quotation.of(path)) is a file, so nothing can stand below it. Choose another path.")
            }
            parts = parts.dropLast()
        }
    }

    private func isFile(_ location: FileLocation) async throws(ForgeError) -> Bool {
        do throws(ForgeError) {
            _ = try await file(at: location)
            return true
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }
}
