#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Drives a sandbox with Huawei Cloud's own ServiceStage SDK for Python.
#
#     scripts/acceptance.sh [PROGRAM [ARGUMENT ...]]
#
# PROGRAM takes the sandbox's ready file and `--forge NAME` options. Without one, the program of the folder that
# GATEHOUSE_SHARED names (../shared by default) is run; where there is none either, nothing is.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($#)); then
    program=$1
    shift
    [[ -f $program ]] || { echo "There is no program $program." >&2; exit 1; }
else
    program=${GATEHOUSE_SHARED:-../shared}/acceptance/servicestage_sdk.py
    if [[ ! -f $program ]]; then
        echo "Skipped: the acceptance program is not here. Name one: scripts/acceptance.sh PROGRAM"
        exit 0
    fi
fi

python=$(scripts/python-venv.sh .venv/acceptance huaweicloudsdkcore huaweicloudsdkservicestage)
exec scripts/with-sandbox.sh "$python" "$program" {} "$@"
