#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Serves OpenStack Keystone on 127.0.0.1 by waitress, and writes a line for each request: method, path, status, and which
token was asked about, by the first digits of its SHA-256.

    keystone-server.py KEYSTONE.CONF PORT LOG
"""
import hashlib
import os
import sys
import threading

configuration, port, log = sys.argv[1:]
# Keystone reads the arguments for its own, and finds its settings by this variable.
sys.argv = sys.argv[:1]
os.environ["OS_KEYSTONE_CONFIG_FILES"] = configuration

import waitress  # noqa: E402
from keystone.wsgi.api import application  # noqa: E402

lock = threading.Lock()


def counting(environ, start_response):
    def note(status, headers, exc_info=None):
        subject = environ.get("HTTP_X_SUBJECT_TOKEN", "")
        digest = hashlib.sha256(subject.encode("latin-1")).hexdigest()[:16] if subject else "-"
        address = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
        agent = (environ.get("HTTP_USER_AGENT") or "-").split(" ")[0]
        with lock, open(log, "a") as file:
            print(environ["REQUEST_METHOD"], address, status.split(" ")[0], digest, agent, file=file)
        return start_response(status, headers, exc_info)

    return application(environ, note)


waitress.serve(counting, host="127.0.0.1", port=int(port), threads=8, _quiet=True)
