#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Drives a sandbox with Huawei Cloud's own ServiceStage SDK for Python.
#
#     scripts/acceptance.sh [PROGRAM [ARGUMENT ...]]
#
# PROGRAM takes the sandbox's ready file and `--forge NAME` options. Without one, acceptance-signatures.py is run, and the
# program of the folder that GATEHOUSE_SHARED names (../shared by default), where there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($#)); then
    program=$1
    shift
    [[ -f $program ]] || { echo "There is no program $program." >&2; exit 1; }
else
    program=
fi

python=$(scripts/python-venv.sh .venv/acceptance huaweicloudsdkcore huaweicloudsdkservicestage)
if [[ -n $program ]]; then
    exec scripts/with-sandbox.sh "$python" "$program" {} "$@"
fi
status=0
echo "== acceptance-signatures"
scripts/with-sandbox.sh "$python" scripts/acceptance-signatures.py {} || status=1
program=${GATEHOUSE_SHARED:-../shared}/acceptance/servicestage_sdk.py
if [[ -f $program ]]; then
    echo "== $(basename "$program" .py)"
    scripts/with-sandbox.sh "$python" "$program" {} || status=1
else
    echo "Skipped: $program is not here. Another program can be named: scripts/acceptance.sh PROGRAM"
fi
exit "$status"
