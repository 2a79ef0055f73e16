#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Every file that a document links to, every folder, file or make target that it names in code, and every test that it
# names in “curly quotes”, is there.
#
#     scripts/check-docs.sh              checks README.md, CONTRIBUTING.md … and docs/
#     scripts/check-docs.sh --self-test  proves that a dead link is found
set -euo pipefail

# Prints FILE:LINE: TARGET for what is not there.
check() {
    cd "$1"
    local documents=() document line number target folder
    mapfile -t documents < <(find . -maxdepth 1 -name '*.md' -printf '%P\n'; find docs -name '*.md' 2>/dev/null | LC_ALL=C sort)
    for document in "${documents[@]}"; do
        folder=$(dirname "$document")
        # [text](target), without addresses and anchors of the same page.
        while IFS=: read -r number line; do
            while read -r target; do
                target=${target#](}
                target=${target%)}
                target=${target%%#*}
                [[ -z $target || $target == *://* || $target == mailto:* ]] && continue
                [[ -e $folder/$target ]] || echo "$document:$number: there is no $target to link to"
            done < <(grep -oE '\]\([^) ]+\)' <<<"$line")
        done < <(grep -nE '\]\([^) ]+\)' "$document" || true)
        # `Sources/…`, `Tests/…`, `scripts/…`, `docs/…` and `make target`.
        while IFS=: read -r number target; do
            target=${target//\`/}
            case $target in
            make\ *) grep -qE "^${target#make }:" Makefile 2>/dev/null || echo "$document:$number: the Makefile has no target ${target#make }" ;;
            *[\<\>{}*…]* | *NNNN*) ;;
            *) [[ -e $target ]] || echo "$document:$number: there is no $target" ;;
            esac
        done < <(grep -noE '`((Sources|Tests|scripts|docs)/[^` :]+|make [a-z-]+)`' "$document" || true)
        while IFS=: read -r number target; do
            target=${target#“}
            target=${target%”}
            grep -rqF --include='*.swift' "func \`$target\`" Tests $(find Fuzzing -maxdepth 0 2>/dev/null) || echo "$document:$number: there is no test “$target”"
        done < <(grep -noE '“[^”]+”' "$document" || true)
    done
}

self_test() {
    local root found expected
    root=$(mktemp -d)
    trap 'rm -rf "$root"' RETURN
    mkdir -p "$root/docs" "$root/Sources/Model"
    printf 'build:\n' >"$root/Makefile"
    printf '[a](docs/b.md#part), `make build`, `Sources/Model`, `docs/<name>.md`, [c](https://example.com/x), [d](#here)\n' >"$root/README.md"
    mkdir -p "$root/Tests/ModelTests"
    printf '@Test func `a name is a name`() {}\n' >"$root/Tests/ModelTests/NameTests.swift"
    printf '[back](../README.md), “a name is a name”\n' >"$root/docs/b.md"
    found=$(check "$root")
    [[ -z $found ]] || { echo "check-docs --self-test: a good link is refused: $found" >&2; return 1; }
    printf '\n[a](../gone.md) and [b](c.md)\n`make nothing` `Sources/Gone`\n“a name is none”\n' >"$root/docs/b.md"
    found=$(check "$root")
    for expected in 'docs/b.md:2: there is no ../gone.md' 'docs/b.md:2: there is no c.md' \
        'docs/b.md:3: the Makefile has no target nothing' 'docs/b.md:3: there is no Sources/Gone' \
        'docs/b.md:4: there is no test “a name is none”'; do
        grep -qF "$expected" <<<"$found" || { echo "check-docs --self-test: not found: $expected" >&2; return 1; }
    done
}

if [[ ${1:-} == --self-test ]]; then
    self_test
    exit
fi
found=$(check "$(dirname "$0")/..")
[[ -z $found ]] || { echo "$found" >&2; exit 1; }
