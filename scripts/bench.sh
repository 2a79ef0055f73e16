#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds the optimised programs and measures them on this machine. docs/performance.md explains the method.
#
#     scripts/bench.sh [--seconds N] [--rounds N] [--connections N]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh python3 wrk
# Package.swift offers the benchmark's server only where this is set.
export GATEHOUSE_BENCH=1
echo 'Building, optimised. The first time takes about ten minutes on two cores.'
for product in gatehouse gatehouse-bench; do
    swift build --configuration release --product "$product"
done
exec python3 scripts/bench.py .build/release/gatehouse .build/release/gatehouse-bench "$@"
