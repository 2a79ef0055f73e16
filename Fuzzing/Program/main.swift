// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LibFuzzer

// FUZZ_PARSER=place gatehouse-fuzz [OPTION OF libFuzzer | FOLDER | FILE] …: scripts/fuzz-parsers.py calls it. The parser is no
// argument, since libFuzzer starts the program again by its own arguments.
guard let parser = Parser(rawValue: ProcessInfo.processInfo.environment["FUZZ_PARSER"] ?? "") else {
    print("FUZZ_PARSER must be one of \(Parser.allCases.map(\.rawValue).joined(separator: ", ")).")
    exit(2)
}
chosen = parser
var count = CommandLine.argc
var arguments = Optional(CommandLine.unsafeArgv)
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        guard let start else { return 0 }
        return tryInput(start, count)
    })
