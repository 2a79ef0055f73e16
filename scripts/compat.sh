#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Lets the forges' well-known Python clients, PyGithub, python-gitlab, gitee-client and
# py-gitea, do repository work in a sandbox, and holds every
# answer of Gatehouse to openapi.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/python-venv.sh .venv/compat PyGithub python-gitlab gitee-client py-gitea PyYAML jsonschema openapi-spec-validator)
if [[ -z ${GATEHOUSE:-} ]]; then
    swift build --product gatehouse
    export GATEHOUSE=.build/debug/gatehouse
fi
status=0
for program in contract compat-github compat-gitlab compat-gitee compat-gitea; do
    echo "== $program"
    scripts/with-sandbox.sh "$python" "scripts/$program.py" {} || status=1
done
exit "$status"
