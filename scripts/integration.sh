#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Holds Gatehouse's identity to the real things: tokens of a running OpenStack Keystone, and OpenStack's own client library at
# the embedded identity of a sandbox. Everything is started here, on 127.0.0.1, and stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/python-venv.sh .venv/integration keystone waitress keystoneauth1)
if [[ -z ${GATEHOUSE:-} ]]; then
    swift build --product gatehouse
    export GATEHOUSE=.build/debug/gatehouse
fi
status=0
echo "== integration-keystone"
"$python" scripts/integration-keystone.py "$GATEHOUSE" || status=1
echo "== integration-keystoneauth"
scripts/with-sandbox.sh "$python" scripts/integration-keystoneauth.py {} || status=1
exit "$status"
