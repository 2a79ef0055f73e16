#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Lets the forges' well-known Python clients, PyGithub and python-gitlab, do repository work in a sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/python-venv.sh .venv/compat PyGithub python-gitlab)
if [[ -z ${GATEHOUSE:-} ]]; then
    swift build --product gatehouse
    export GATEHOUSE=.build/debug/gatehouse
fi
status=0
for forge in github gitlab; do
    echo "== $forge"
    scripts/with-sandbox.sh "$python" "scripts/compat-$forge.py" {} || status=1
done
exit "$status"
