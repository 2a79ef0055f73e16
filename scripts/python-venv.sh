#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes a virtual environment for Python with some packages, unless it is there, and prints its interpreter.
#
#     scripts/python-venv.sh FOLDER PACKAGE ...
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
shift
scripts/install-packages.sh python3 python3-venv >&2
if [[ $(cat "$folder/packages" 2>/dev/null) != "$*" ]]; then
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    python3 -m venv "$folder"
    echo "Installing into $folder: $*" >&2
    "$folder/bin/pip" --quiet --disable-pip-version-check install "$@" >&2
    echo "$*" >"$folder/packages"
fi
echo "$folder/bin/python"
