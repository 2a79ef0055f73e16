#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Lets well-known clients of the forges do repository work in a sandbox, and holds every
# answer of Gatehouse to openapi.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    PyGithub python-gitlab atlassian-python-api gitee-client huaweicloudsdkcodeartsrepo py-gitea
    PyYAML jsonschema openapi-spec-validator
)
python=$(scripts/python-venv.sh .venv/compat "${packages[@]}")
if [[ -z ${GATEHOUSE:-} ]]; then
    swift build --product gatehouse
    export GATEHOUSE=.build/debug/gatehouse
fi
status=0
for program in contract compat-github compat-gitlab compat-bitbucket compat-bitbucket-server compat-gitee compat-codearts \
    compat-gitea; do
    echo "== $program"
    scripts/with-sandbox.sh "$python" "scripts/$program.py" {} || status=1
done
exit "$status"
