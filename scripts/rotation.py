#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Changes the master key of a store with many authorizations while a server reads from it.

    scripts/rotation.py GATEHOUSE GATEHOUSE_FILL [--count N] [--readers N]

Starts a sandbox for its emulated GitHub, fills a store, and serves it. Readers list authorizations and use them at the
forge; one writer makes and deletes an authorization again and again. Meanwhile `gatehouse key rotate` runs, is killed when
half of it is done, and runs again. A read or a write that fails is a failure of the whole.
"""

import argparse
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TENANTS = 500


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(method, url, headers=None, body=None):
    """Status and body; status 0 where nobody answered."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=data)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


class Callers:
    """Readers and a writer, until they are stopped. Times are kept by the phase in which they were taken."""

    def __init__(self, address, projects, each, forge, readers):
        self.address, self.projects, self.each, self.forge = address, projects, each, forge
        self.phase, self.times, self.failures, self.over = "before", {}, [], False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.read) for _ in range(readers)]
        self.threads.append(threading.Thread(target=self.write))
        for thread in self.threads:
            thread.start()

    def note(self, kind, phase, began, good, answer):
        with self.lock:
            self.times.setdefault((kind, phase), []).append(time.monotonic() - began)
            if not good:
                self.failures.append(f"{kind}: {answer[0]} {answer[1][:200]!r}")

    def read(self):
        generator = random.Random()
        while not self.over:
            project = generator.choice(self.projects)
            root, headers = self.address + "/v1/" + project["project"] + "/git", {"X-Auth-Token": project["token"]}
            phase, began = self.phase, time.monotonic()
            answer = send("GET", root + "/auths", headers)
            listed = len(json.loads(answer[1])["authorizations"]) if answer[0] == 200 else 0
            self.note("list", phase, began, listed >= self.each, answer)
            name = f"auth-{generator.randrange(self.each)}"
            path = f"/repos/{self.forge['namespace']}/{self.forge['project']}/branches"
            phase, began = self.phase, time.monotonic()
            answer = send("GET", root + path, {**headers, "X-Repo-Auth": name})
            self.note("use", phase, began, answer[0] == 200, answer)

    def write(self):
        project = self.projects[0]
        root, headers = self.address + "/v1/" + project["project"] + "/git", {"X-Auth-Token": project["token"]}
        while not self.over:
            body = {"name": "written", "token": self.forge["token"], "host": self.forge["host"]}
            phase, began = self.phase, time.monotonic()
            answer = send("POST", root + "/auths/github/personal", headers, body)
            self.note("create", phase, began, answer[0] == 200, answer)
            phase, began = self.phase, time.monotonic()
            answer = send("DELETE", root + "/auths/written", headers)
            self.note("delete", phase, began, answer[0] in (200, 204), answer)
            time.sleep(0.02)

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()

    def report(self):
        for (kind, phase), times in sorted(self.times.items()):
            times.sort()
            print(f"{kind:7} {phase:9} {len(times):7} calls   median {1000 * times[len(times) // 2]:7.1f} ms   "
                  f"p99 {1000 * times[int(len(times) * 0.99)]:7.1f} ms   longest {1000 * times[-1]:7.1f} ms")


class House:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.processes = []
        ready = os.path.join(folder, "ready.json")
        self.start([options.gatehouse, "sandbox", "--port", "0", "--forge-port", "0", "--ready-file", ready], "sandbox")
        while not os.path.exists(ready):
            if self.processes[0].poll() is not None:
                sys.exit("the sandbox did not start")
            time.sleep(0.05)
        with open(ready) as file:
            self.forge = json.load(file)["forges"]["github"]
        self.store, key = os.path.join(folder, "store.sqlite"), os.path.join(folder, "master.key")
        began = time.monotonic()
        filled = subprocess.run(
            [options.fill, self.store, key, str(options.count), str(TENANTS), self.forge["host"]],
            input=self.forge["token"] + "\n", stdout=subprocess.PIPE, text=True, check=True)
        self.projects = json.loads(filled.stdout)
        print(f"filled in {time.monotonic() - began:.0f} s, {os.path.getsize(self.store) >> 20} MiB", flush=True)
        self.files = ["--store", self.store, "--master-key-file", key]
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.start([options.gatehouse, "serve", "--port", str(port), *self.files], "serve",
                   GATEHOUSE_NETWORK_ALLOW="127.0.0.0/8", GATEHOUSE_LOG_LEVEL="warning",
                   GATEHOUSE_QUOTA_REQUESTS="0")
        for _ in range(600):
            if send("GET", self.address + "/readyz")[0] == 200:
                return
            time.sleep(0.05)
        sys.exit("the server did not start")

    def start(self, command, name, **environment):
        with open(os.path.join(self.folder, name + ".log"), "w") as log:
            self.processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment}))

    def left(self):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30) as store:
            return store.execute("SELECT count(*) FROM authorizations WHERE key_version = 1").fetchone()[0]

    def rotate(self):
        return subprocess.Popen([self.options.gatehouse, "key", "rotate", *self.files], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True)

    def run(self):
        callers = Callers(self.address, self.projects, self.options.count // TENANTS, self.forge, self.options.readers)
        try:
            time.sleep(5)
            callers.phase = "rotating"
            began = time.monotonic()
            first = self.rotate()
            while first.poll() is None and self.left() > self.options.count // 2:
                time.sleep(0.02)
            first.send_signal(signal.SIGKILL)
            first.wait()
            half, stopped = self.left(), time.monotonic()
            done = self.options.count - half
            print(f"killed with {half} left: {done} in {stopped - began:.1f} s, {done / (stopped - began):.0f} a second",
                  flush=True)
            second = self.rotate()
            said, _ = second.communicate()
            print(said.strip(), flush=True)
        finally:
            callers.stop()
        callers.report()
        left = self.left()
        good = second.returncode == 0 and 0 < half < self.options.count and left == 0 and not callers.failures
        print(f"{left} left, {len(callers.failures)} failed calls")
        for failure in callers.failures[:5]:
            print(failure)
        return 0 if good else 1

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gatehouse")
    arguments.add_argument("fill")
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--readers", type=int, default=3)
    options = arguments.parse_args()
    folder = tempfile.mkdtemp()
    house = None
    try:
        house = House(options, folder)
        return house.run()
    finally:
        if house:
            house.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
