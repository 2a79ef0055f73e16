#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Starts a sandbox of its own, runs a command while it is up, and stops it. `{}` in the command stands for the file that
# `gatehouse sandbox --ready-file` wrote. The status is the command's.
#
#     scripts/with-sandbox.sh python3 scripts/compat-gitlab.py {}
#
# GATEHOUSE names the program to start; without it, .build/debug/gatehouse is built first.
set -euo pipefail
cd "$(dirname "$0")/.."

(($#)) || { echo "usage: scripts/with-sandbox.sh COMMAND [ARGUMENT ...]" >&2; exit 2; }
gatehouse=${GATEHOUSE:-}
if [[ -z $gatehouse ]]; then
    swift build --product gatehouse
    gatehouse=.build/debug/gatehouse
fi
[[ -x $gatehouse ]] || { echo "There is no program $gatehouse. Build it first: make run" >&2; exit 1; }

folder=$(mktemp -d)
sandbox=
stop() {
    local status=$?
    if [[ -n $sandbox ]] && kill -0 "$sandbox" 2>/dev/null; then
        kill -TERM "$sandbox" 2>/dev/null || true
        for ((i = 0; i < 100; i++)); do
            kill -0 "$sandbox" 2>/dev/null || break
            sleep 0.1
        done
        if kill -KILL "$sandbox" 2>/dev/null; then
            echo "The sandbox did not stop within ten seconds and was killed." >&2
            ((status)) || status=1
        fi
    fi
    rm -rf "$folder"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Ten ports in a row on which nobody listens.
free_ports() {
    local base port
    for ((;;)); do
        base=$((20000 + RANDOM % 10000))
        for ((port = base; port < base + 10; port++)); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$base"
        return
    done
}

base=$(free_ports)
"$gatehouse" sandbox --port "$base" --forge-port $((base + 1)) --ready-file "$folder/ready.json" \
    >"$folder/log" 2>&1 </dev/null &
sandbox=$!
for ((i = 0; ; i++)); do
    [[ -s $folder/ready.json ]] && break
    if ! kill -0 "$sandbox" 2>/dev/null || ((i == 600)); then
        echo "The sandbox did not come up. It said:" >&2
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done

if "${@//\{\}/$folder/ready.json}"; then
    exit 0
else
    status=$?
fi
echo "The sandbox said at last:" >&2
tail -n 20 "$folder/log" >&2
exit "$status"
