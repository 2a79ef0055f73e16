// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the environment names. Set once, before the first input.
nonisolated(unsafe) var chosen = Parser.place

/// libFuzzer's archive has a main of its own, which wants this very name to be there, and is never called.
@_cdecl("LLVMFuzzerTestOneInput")
func tryInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        _ = try chosen.check(input)
    } catch {
        // libFuzzer takes a program that ends itself for one that has crashed, and keeps the input.
        FileHandle.standardError.write(Data("\(chosen.rawValue): \(error)\n".utf8))
        abort()
    }
    return 0
}
