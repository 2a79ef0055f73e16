#!/bin/bash
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that are missing, and says which. Silent when nothing is.
#
#     scripts/install-packages.sh [PACKAGE ...]     further packages, for one task
set -euo pipefail

# What building, testing and trying out need: git serves the sandbox's repositories, curl is in the commands it prints.
wanted=(ca-certificates curl git libsqlite3-dev libssl-dev "$@")

fail() {
    echo "$*" >&2
    exit 1
}

installed() {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian. Install these yourself, or their like: ${wanted[*]}" >&2
else
    missing=()
    for package in "${wanted[@]}"; do
        installed "$package" || missing+=("$package")
    done
    if ((${#missing[@]})); then
        as_root=()
        if ((EUID != 0)); then
            command -v sudo >/dev/null || fail "These packages are missing: ${missing[*]}
Run as root: apt-get install ${missing[*]}"
            as_root=(sudo)
        fi
        echo "Installing the Debian packages that are missing: ${missing[*]}"
        "${as_root[@]}" apt-get -qq update </dev/null
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq install --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
            fail "apt-get could not install: ${missing[*]}"
    fi
fi

# The Swift toolchain is not a Debian package.
command -v swift >/dev/null || fail "The Swift toolchain is missing. Install Swift 6.3 or later from https://www.swift.org/install/linux/
and put its usr/bin on the PATH."
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
((major > 6 || (major == 6 && minor >= 3))) || fail "Swift 6.3 or later is needed; this is ${version/ /.}.
Install it from https://www.swift.org/install/linux/ and put its usr/bin on the PATH."
