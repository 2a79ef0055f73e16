#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Holds the doors between the rooms: which folder of Sources may import which module. The compiler cannot, since it
# accepts the modules that a dependency brings along. docs/architecture.md explains the table.
#
#     scripts/check-imports.sh              checks the sources
#     scripts/check-imports.sh --self-test  proves that a wrong import is found
set -euo pipefail

# FOLDER MODULE...; the longest folder that fits a file counts. `+` in front: these, besides those of the folder above.
readonly doors='
Model            FoundationEssentials Foundation Synchronization
Forges           SYSTEM Model HTTPTypes Logging
Forges/Upstream  + AsyncHTTPClient NIOCore NIOFoundationCompat NIOHTTP1 NIOPosix NIOSSL
Forges/Git       + Crypto
Forges/OAuth     + Crypto
Forges/CodeArts  + Crypto
Forges/Webhooks  + Crypto
Storage          SYSTEM Model GRDB
Storage/Vault    + Crypto
Access           SYSTEM Model Forges Storage Logging Metrics
Access/Identity  + CLibCrypto Crypto CryptoExtras Dispatch
Web              SYSTEM Model Access Hummingbird HummingbirdCore HummingbirdTLS HTTPTypes Logging Mustache NIOCore NIOHTTP1 NIOHTTPTypes NIOSSL ServiceLifecycle
Sandbox          SYSTEM Model Hummingbird HTTPTypes Logging NIOCore ServiceLifecycle Subprocess SystemPackage
Sandbox/Accounts + Crypto
gatehouse        SYSTEM Model Forges Storage Access Web Sandbox ArgumentParser Configuration CoreMetrics Logging Metrics NIOCore NIOSSL ServiceLifecycle SystemPackage UnixSignals Yams
'
# What SYSTEM stands for.
readonly system='FoundationEssentials Foundation Synchronization Glibc Musl Darwin'

# Prints FILE:LINE: RULE for every import that no door allows.
check() {
    local root=$1
    (
        cd "$root"
        find Sources -name '*.swift' -print | LC_ALL=C sort
    ) | DOORS=${doors//SYSTEM/$system} ROOT=$root awk '
        BEGIN {
            count = split(ENVIRON["DOORS"], rows, "\n")
            for (i = 1; i <= count; i++) {
                fields = split(rows[i], field, " ")
                if (fields == 0) continue
                folder = field[1]; folders[folder] = 1
                for (j = 2; j <= fields; j++) {
                    if (field[j] != "+") { allowed[folder, field[j]] = 1; list[folder] = list[folder] " " field[j]; continue }
                    above = folder; sub(/\/[^\/]*$/, "", above)
                    inherited = split(list[above], more, " ")
                    for (k = 1; k <= inherited; k++) { allowed[folder, more[k]] = 1; list[folder] = list[folder] " " more[k] }
                }
            }
        }
        {
            file = $0
            folder = file; sub(/^Sources\//, "", folder)
            while (!(folder in folders) && sub(/\/[^\/]*$/, "", folder)) {}
            path = ENVIRON["ROOT"] "/" file
            number = 0
            while ((getline line < path) > 0) {
                number++
                sub(/^[ \t]+/, "", line)
                while (sub(/^(@[A-Za-z_]+(\([^)]*\))?|public|package|internal|fileprivate|private)[ \t]+/, "", line)) {}
                if (line !~ /^import[ \t]/) continue
                sub(/^import[ \t]+/, "", line)
                sub(/^(struct|class|enum|protocol|typealias|func|let|var)[ \t]+/, "", line)
                module = line; sub(/[^A-Za-z0-9_].*$/, "", module)
                if (!(folder in folders)) {
                    printf "%s:%d: this folder is no room; add it to the table in scripts/check-imports.sh\n", file, number
                } else if (!((folder, module) in allowed)) {
                    printf "%s:%d: %s may not import %s; it may import:%s\n", file, number, folder, module, list[folder]
                }
            }
            close(path)
        }'
}

self_test() {
    local root found
    root=$(mktemp -d)
    trap 'rm -rf "$root"' RETURN
    mkdir -p "$root"/Sources/{Model,Forges/OAuth,Forges/GitHub,Forges/Upstream,Storage/Vault,Web/API,Hall}
    # Allowed, in every spelling.
    printf 'import FoundationEssentials\n' >"$root/Sources/Model/Noun.swift"
    printf 'import Crypto\npackage import Model\n@preconcurrency import Logging\n' >"$root/Sources/Forges/OAuth/Proof.swift"
    printf '// import GRDB\nlet important = 1\nimport struct NIOCore.ByteBuffer\n' >"$root/Sources/Forges/Upstream/Upstream.swift"
    found=$(check "$root")
    [[ -z $found ]] || { echo "check-imports --self-test: a right import is refused: $found" >&2; return 1; }
    # Each of these must be found, once.
    printf 'import Hummingbird\n' >"$root/Sources/Model/A.swift"
    printf '\npackage import Crypto\n' >"$root/Sources/Forges/GitHub/B.swift"
    printf 'import Storage\n' >"$root/Sources/Forges/OAuth/C.swift"
    printf 'import AsyncHTTPClient\n' >"$root/Sources/Forges/OAuth/G.swift"
    printf '    internal import struct AsyncHTTPClient.HTTPClient\n' >"$root/Sources/Storage/Vault/D.swift"
    printf '@testable import Forges\n' >"$root/Sources/Web/API/E.swift"
    printf 'import Model\n' >"$root/Sources/Hall/F.swift"
    found=$(check "$root")
    local expected
    for expected in 'Model/A.swift:1: Model may not import Hummingbird' \
        'Forges/GitHub/B.swift:2: Forges may not import Crypto' \
        'Forges/OAuth/C.swift:1: Forges/OAuth may not import Storage' \
        'Forges/OAuth/G.swift:1: Forges/OAuth may not import AsyncHTTPClient' \
        'Storage/Vault/D.swift:1: Storage/Vault may not import AsyncHTTPClient' \
        'Web/API/E.swift:1: Web may not import Forges' \
        'Hall/F.swift:1: this folder is no room'; do
        grep -qF "Sources/$expected" <<<"$found" || { echo "check-imports --self-test: not found: $expected" >&2; return 1; }
    done
    [[ $(wc -l <<<"$found") -eq 7 ]] || { echo "check-imports --self-test: too much is found: $found" >&2; return 1; }
}

if [[ ${1:-} == --self-test ]]; then
    self_test
    exit
fi
found=$(check "$(dirname "$0")/..")
[[ -z $found ]] || { echo "$found" >&2; exit 1; }
