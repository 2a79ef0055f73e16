#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Holds the rules of the house that neither the compiler nor the formatter knows. CONTRIBUTING.md gives the reasons.
#
#     scripts/check-house.sh              checks the sources, tests and scripts
#     scripts/check-house.sh --self-test  proves that each rule can fail
set -euo pipefail

# Prints FILE:LINE: RULE for everything that breaks a rule.
check() {
    local root=$1
    cd "$root"
    local folders=() folder
    for folder in Sources Tests Benchmarks Fuzzing scripts .ci; do
        [[ -d $folder ]] && folders+=("$folder")
    done
    find "${folders[@]}" -type f \( -name '*.swift' -o -name '*.sh' -o -name '*.py' -o -path '.ci/run' \) \
        -not -path '*/.build/*' -print | LC_ALL=C sort | awk '
        function report(rule) { printf "%s:%d: %s\n", file, number, rule }

        # The line without comments and without what stands in quotes. Raw and multi-line texts are known too.
        function code(line,    out, c, two) {
            out = ""
            while (line != "") {
                if (text != "") {
                    at = index(line, text)
                    if (at == 0) return out
                    line = substr(line, at + length(text)); text = ""; continue
                }
                if (comment) {
                    at = index(line, "*/")
                    if (at == 0) return out
                    line = substr(line, at + 2); comment = 0; continue
                }
                two = substr(line, 1, 2)
                if (two == "//") return out
                if (two == "/*") { comment = 1; line = substr(line, 3); continue }
                if (match(line, /^#*"""/)) {
                    text = "\"\"\"" substr(line, 1, RLENGTH - 3)
                    line = substr(line, RLENGTH + 1); continue
                }
                if (match(line, /^#+"/)) {
                    text = "\"" substr(line, 1, RLENGTH - 1)
                    line = substr(line, RLENGTH + 1); continue
                }
                if (substr(line, 1, 1) == "\"") {
                    line = substr(line, 2)
                    while (line != "" && substr(line, 1, 1) != "\"") line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
                    line = substr(line, 2); out = out "\"\""; continue
                }
                if (substr(line, 1, 1) == "`") {
                    at = index(substr(line, 2), "`")
                    if (at > 0) { out = out "`" "`"; line = substr(line, at + 2); continue }
                }
                out = out substr(line, 1, 1); line = substr(line, 2)
            }
            return out
        }

        function has(line, pattern) { return (" " line " ") ~ pattern }

        BEGIN {
            modified = "(private|internal|package|fileprivate|final|static|class|struct|enum|actor|protocol|extension|func|var|let|init" \
                "|subscript|typealias|associatedtype|import|macro|indirect|mutating|nonmutating|nonisolated|lazy|weak|unowned|convenience" \
                "|required|override|dynamic|consuming|borrowing|prefix|postfix|infix|distributed|async)[^A-Za-z0-9_]"
        }

        {
            file = $0; number = 0; text = ""; comment = 0; head = ""
            swift = file ~ /\.swift$/
            product = file ~ /^Sources\//
            name = file; sub(/^.*\//, "", name)
            while ((getline line < file) > 0) {
                number++
                if (number <= 3) head = head "\n" line
                # This file and the like name the words that they look for.
                if (file !~ /^scripts\/check-/) {
                    if (has(line, "[^A-Za-z](TODO|FIXME|XXX|HACK)[^A-Za-z]")) report("finish it or leave it out: no TODO")
                    low = tolower(line)
                    if (has(low, "[^a-z](lorem ipsum|for now|not implemented yet|not yet implemented|coming soon|temporary hack)[^a-z]"))
                        report("say what is true, not what will be")
                    if (product && has(low, "[^a-z]placeholder[^a-z]")) report("no placeholders in the sources")
                }
                if (!swift) continue
                bare = code(line)
                if (!product) continue
                if (has(bare, "[^A-Za-z0-9_.`](public|open)([(]set[)])?[ \t]+" modified)) report("nothing is public: use package, internal or private")
                if (has(bare, "[^A-Za-z0-9_.]Task[ \t]*(<[^>]*>)?[ \t]*(\\([^)]*\\))?[ \t]*[{]") || has(bare, "[^A-Za-z0-9_]Task[ \t]*[.](detached|immediate|init)[^A-Za-z0-9_]"))
                    report("no unstructured task: use a group, async let or a service with run()")
                if (has(bare, "[^A-Za-z0-9_](fatalError|preconditionFailure|assertionFailure)[ \t]*\\(")) report("nothing ends the process: throw an error")
                if (has(bare, "[^A-Za-z0-9_]try!")) report("no try!: handle the error")
                if (has(bare, "[^A-Za-z0-9_]as!")) report("no as!: decode or switch")
                # The secrets of the sandbox are made for showing.
                if (file !~ /^Sources\/Sandbox\// && (has(bare, "[^A-Za-z0-9_](exposed|[A-Za-z0-9]*[dD]igest|[A-Za-z0-9]*[sS]ignature|[pP]assword|[pP]asswordHash|[hH]mac|authenticationCode)[ \\t]*[!=]=[ \\t]*[^ \\t]") \
                    || has(bare, "[!=]=[ \\t]*([A-Za-z0-9_?]+[.])*(exposed|[a-zA-Z0-9]*[dD]igest|signature|password|passwordHash|hmac)[^A-Za-z0-9_.(]")))
                    if (!has(bare, "[!=]=[ \\t]*nil[^A-Za-z0-9_]")) report("compare secrets by isEqualInConstantTime(to:)")
                if (has(bare, "@unchecked[ \t]+Sendable")) report("no @unchecked Sendable: a value or a Mutex")
                if (has(bare, "nonisolated[ \t]*\\([ \t]*unsafe")) report("no nonisolated(unsafe): a value or a Mutex")
                if (has(bare, "[^A-Za-z0-9_](class|struct|enum|actor|protocol|typealias)[ \t]+[A-Za-z0-9_]*(Manager|Helper|Helpers|Utils|Util|Utilities|Impl)[^A-Za-z0-9_]") \
                    || has(bare, "[^A-Za-z0-9_](class|struct|enum|actor|protocol)[ \t]+Default[A-Z]"))
                    report("name the thing by the word of its field")
            }
            close(file)
            if (head !~ /Copyright the Gatehouse authors/ || head !~ /SPDX-License-Identifier: Apache-2[.]0/) { number = 1; report("the first lines must name the copyright and the licence (SPDX)") }
            if (swift && number > 500) report("over 500 lines: split the file by its nouns")
            if (swift && name ~ /^[+]/) { number = 1; report("a file is named after its type first") }
        }'
}

self_test() {
    local root found rule line
    root=$(mktemp -d)
    trap 'rm -rf "$root"' RETURN
    mkdir -p "$root/Sources/Model" "$root/Tests/ModelTests"
    local head=$'// Copyright the Gatehouse authors\n// SPDX-License-Identifier: Apache-2.0\n'
    # Right code that looks like wrong code.
    cat >"$root/Sources/Model/Right.swift" <<'SWIFT'
// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

// The word public and fatalError( may stand in a comment, and as! too.
/* try! over
   several lines: as! */
let scope = "public repo, Task { and try! in a text with \" inside"
let long = """
    public func f() { fatalError() }
    """
let raw = #"public "Task {"#
func wait() async throws { try await Task.sleep(for: .seconds(1)) }
let all = withTaskGroup(of: Int.self) { group in group.addTask { 1 } }
let kind = [Visibility.public, .open]
func open(_ entry: Int) throws -> Int { try open (entry) + file.open(1) }
struct DefaultsReader {}
struct Implication {}
guard digest != nil, mode == .password, signature.count == 64, token.digest(of: a) == b else {}
SWIFT
    found=$(check "$root")
    [[ -z $found ]] || { echo "check-house --self-test: right code is refused: $found" >&2; return 1; }
    # Wrong code, and a word of the rule that must find it.
    while IFS='|' read -r line rule; do
        printf '%s\n%s\n' "$head" "$line" >"$root/Sources/Model/Wrong.swift"
        found=$(check "$root")
        grep -q "^Sources/Model/Wrong.swift:4: .*$rule" <<<"$found" ||
            { echo "check-house --self-test: not found: $line" >&2; return 1; }
        [[ $(wc -l <<<"$found") -eq 1 ]] || { echo "check-house --self-test: found twice: $found" >&2; return 1; }
    done <<'CASES'
public struct A {}|public
    public private(set) var a = 1|public
open class B {}|public
public(set) var x = 1|public
Task { await f() }|unstructured
let t = Task<Void, Never> { }|unstructured
Task(priority: .high) { }|unstructured
Task.detached { }|unstructured
fatalError("no")|ends the process
let a = b ?? preconditionFailure()|ends the process
let a = try! f()|try!
let a = b as! C|as!
final class D: @unchecked Sendable {}|unchecked
nonisolated(unsafe) var e = 1|nonisolated
guard given == secret.exposed else {}|compare secrets
if entry.tokenDigest == Data(digestOf: token) {}|compare secrets
if a != signature {}|compare secrets
return password == other|compare secrets
struct TokenManager {}|word of its field
enum URLUtils {}|word of its field
struct DefaultStore {}|word of its field
// TODO: later|TODO
let a = 1  // FIXME|TODO
// This returns nothing for now.|what is true
// placeholder|placeholders
CASES
    # Files as a whole.
    printf 'let a = 1\n' >"$root/Sources/Model/Wrong.swift"
    grep -q 'Wrong.swift:1: .*licence' <<<"$(check "$root")" || { echo "check-house --self-test: a missing licence is not found" >&2; return 1; }
    { printf '%s' "$head"; for ((line = 0; line < 499; line++)); do echo; done; } >"$root/Sources/Model/Wrong.swift"
    grep -q 'Wrong.swift:501: over 500' <<<"$(check "$root")" || { echo "check-house --self-test: a long file is not found" >&2; return 1; }
    rm "$root/Sources/Model/Wrong.swift"
    printf '%s// TODO\n' "$head" >"$root/Tests/ModelTests/+Wrong.swift"
    found=$(check "$root")
    [[ $(grep -c '^Tests/ModelTests/+Wrong.swift' <<<"$found") -eq 2 ]] ||
        { echo "check-house --self-test: a test's faults are not found: $found" >&2; return 1; }
}

if [[ ${1:-} == --self-test ]]; then
    self_test
    exit
fi
found=$(check "$(dirname "$0")/..")
[[ -z $found ]] || { echo "$found" >&2; exit 1; }
