#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Random inputs: libFuzzer on the parsers, then schemathesis on a running sandbox. docs/fuzzing.md explains both.
#
#     scripts/fuzz.sh [parsers|api]
#
# FUZZ_SECONDS: for each parser (60). FUZZ_EXAMPLES: requests for each operation and phase (25). FUZZ_SEED: of both.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ ${1:-} =~ ^(parsers|api|)$ ]] || { echo "usage: scripts/fuzz.sh [parsers|api]" >&2; exit 2; }
status=0
if [[ ${1:-parsers} == parsers ]]; then
    echo 'Building the parsers for libFuzzer. The first time takes about five minutes on two cores.'
    GATEHOUSE_FUZZ=1 swift build --scratch-path .build-fuzz --product gatehouse-fuzz
    python3 scripts/fuzz-parsers.py .build-fuzz/debug/gatehouse-fuzz --seconds "${FUZZ_SECONDS:-60}" || status=1
fi
if [[ ${1:-api} == api ]]; then
    # Another version makes other requests of the same seed.
    python=$(scripts/python-venv.sh .venv/fuzz schemathesis==4.32.5)
    scripts/with-sandbox.sh "$python" scripts/fuzz-api.py {} || status=1
fi
exit "$status"
