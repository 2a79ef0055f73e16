// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Renames `new` over `file`, in one step.
/// - Throws: ``CocoaError`` where the system refuses it.
func replace(_ file: String, with new: String) throws {
    guard rename(new, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
}
