#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Lets two Gatehouse processes on one store renew the tokens of a GitLab that takes a refresh token once.

    scripts/soak-renewal.py GATEHOUSE [--rounds N] [--callers N] [--kill]

Starts a sandbox whose access tokens live for two seconds longer than the margin in which they are renewed, and two
`gatehouse serve` on one store. In each round the token has just come to its end, and CALLERS ask for it at once, half of
them at each process. Without --kill, every call must be answered, and the credential must have changed once a round. With
--kill, one of the processes is killed at a random moment of each round and started again; no authorization may be lost
except between the forge's answer and the write, and such a loss must stand in the log.
"""

import argparse
import concurrent.futures
import html.parser
import http.cookiejar
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

MARGIN = 60  # seconds before its end at which a token is renewed


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(method, url, headers=None, body=None, timeout=60):
    """Status, headers and body; status 0 where nobody answered."""
    request = urllib.request.Request(url, method=method, headers=headers or {},
                                     data=json.dumps(body).encode() if body is not None else None)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
    except (OSError, urllib.error.URLError, ConnectionError) as error:
        return 0, {}, str(error).encode()


class Form(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
        elif tag in ("input", "button") and attributes.get("name"):
            self.fields.setdefault(attributes["name"], attributes.get("value", ""))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def authorize_in_browser(url, sign_in):
    """Signs in at the forge and gives code and state of the redirect."""
    opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    data = None
    for _ in range(8):
        try:
            reply = opener.open(urllib.request.Request(url, data=data), timeout=20)
        except urllib.error.HTTPError as error:
            reply = error
        if reply.status in (301, 302, 303):
            url, data = urllib.parse.urljoin(url, reply.headers["Location"]), None
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
            if "code" in query:
                return query["code"][0], query["state"][0]
            continue
        page = Form()
        page.feed(reply.read().decode())
        for name in page.fields:
            if re.search("pass", name):
                page.fields[name] = sign_in["password"]
            elif re.search("user|login", name):
                page.fields[name] = sign_in["user"]
        url, data = urllib.parse.urljoin(url, page.action), urllib.parse.urlencode(page.fields).encode()
    sys.exit("the forge's pages did not lead back")


class Server:
    """One `gatehouse serve` that can be killed and started again."""

    def __init__(self, program, folder, environment, name):
        self.program, self.environment = program, environment
        self.port, self.log = free_port(), os.path.join(folder, name + ".log")
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--port", str(self.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment)
        for _ in range(600):
            if send("GET", f"http://127.0.0.1:{self.port}/readyz", timeout=2)[0] == 200:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        sys.exit(f"a server did not start: {open(self.log).read()[-2000:]}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def said(self, text):
        with open(self.log) as log:
            return log.read().count(text)


class Soak:
    def __init__(self, program, folder, options):
        self.options, self.folder = options, folder
        ready = os.path.join(folder, "ready.json")
        self.sandbox = subprocess.Popen(
            [program, "sandbox", "--port", "0", "--forge-port", "0", "--ready-file", ready,
             "--token-lifetime", str(MARGIN + 2)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not os.path.exists(ready):
            if self.sandbox.poll() is not None:
                sys.exit("the sandbox did not start")
            time.sleep(0.05)
        with open(ready) as file:
            self.forge = json.load(file)["forges"]["gitlab"]
        self.store = os.path.join(folder, "store.sqlite")
        environment = {
            **os.environ, "GATEHOUSE_STORE_PATH": self.store,
            # A hundred callers ask as fast as they can.
            "GATEHOUSE_QUOTA_REQUESTS": "0",
            # The checker's renewals would be counted as the callers'.
            "GATEHOUSE_CHECK_INTERVAL_HOURS": "0",
            "GATEHOUSE_MASTER_KEY_FILE": os.path.join(folder, "master.key"),
            "GATEHOUSE_FORGES_GITLAB_HOST": self.forge["host"],
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_ID": self.forge["oauth"]["client_id"],
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_SECRET": self.forge["oauth"]["client_secret"],
        }

        def run(*arguments):
            said = subprocess.run([program, *arguments], check=True, capture_output=True, text=True, env=environment)
            return dict(line.split()[:2] for line in said.stdout.splitlines() if len(line.split()) > 1)

        project = run("tenant", "create", "soak")["project_id"]
        password = run("user", "create", "soak", "soaker")["password"]
        self.servers = [Server(program, folder, environment, name) for name in ("one", "two")]
        scope = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
            "name": "soaker", "password": password, "domain": {"name": "soak"}}}}}}
        _, headers, _ = send("POST", f"http://127.0.0.1:{self.servers[0].port}/v3/auth/tokens", body=scope)
        self.headers = {"X-Auth-Token": headers["X-Subject-Token"]}
        self.path = f"/v1/{project}/git"
        self.made = 0
        self.authorize()

    def url(self, server, path):
        return f"http://127.0.0.1:{server.port}{self.path}{path}"

    def authorize(self):
        """Makes an authorization; its name is the newest from then on."""
        self.made += 1
        self.name = f"soak-{self.made}"
        server = self.servers[0]
        answer = json.loads(send("GET", self.url(server, "/auths/gitlab/redirect"), self.headers)[2])
        code, state = authorize_in_browser(answer["url"], self.forge["sign_in"])
        status, _, body = send("POST", self.url(server, "/auths/gitlab/oauth"), self.headers,
                               {"name": self.name, "code": code, "state": state})
        if status != 200:
            sys.exit(f"the authorization was not made: {status} {body}")

    def call(self, server):
        """Whether the forge was reached, and what else came."""
        status, _, body = send("GET", self.url(server, "/repos/namespaces"),
                               {**self.headers, "X-Repo-Auth": self.name})
        return status, body

    def renewals(self):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            return store.execute("SELECT revision FROM authorizations WHERE name = ?", (self.name,)).fetchone()[0] - 1

    def burst(self, pool):
        return [pool.submit(self.call, self.servers[number % 2]) for number in range(self.options.callers)]

    def run(self):
        failures, lost, begin = [], 0, time.time()
        with concurrent.futures.ThreadPoolExecutor(self.options.callers) as pool:
            for number in range(1, self.options.rounds + 1):
                time.sleep(2.1)
                calls = self.burst(pool)
                if self.options.kill:
                    time.sleep(random.uniform(0, 0.15))
                    victim = random.choice(self.servers)
                    victim.kill()
                    victim.start()
                answers = [call.result() for call in calls]
                failures += [a for a in answers if a[0] != 200 and not (self.options.kill and a[0] in (0, 400))]
                if self.options.kill:
                    status, body = self.call(random.choice(self.servers))
                    if status != 200:
                        lost += 1
                        print(f"round {number}: lost: {status} {body.decode()[:200]}", file=sys.stderr)
                        self.authorize()
                if number % 10 == 0:
                    print(f"round {number} of {self.options.rounds}, {len(failures)} failures, {lost} lost, "
                          f"{time.time() - begin:.0f} s", file=sys.stderr, flush=True)
        counted = sum(server.said("tokens lost in a renewal that was cut off") for server in self.servers)
        cut_off = sum(server.said("a renewal was cut off") for server in self.servers)
        print(f"{self.options.rounds} rounds of {self.options.callers} callers at two processes: "
              f"{self.renewals() if not self.options.kill else '-'} renewals, {len(failures)} failures, "
              f"{cut_off} renewals cut off, {lost} authorizations lost, {counted} losses in the log")
        for failure in failures[:5]:
            print("failure:", failure)
        good = not failures and lost <= counted and (self.options.kill or self.renewals() == self.options.rounds)
        return 0 if good else 1

    def stop(self):
        for server in getattr(self, "servers", []):
            server.process.terminate()
        self.sandbox.terminate()
        self.sandbox.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gatehouse")
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--callers", type=int, default=100)
    arguments.add_argument("--kill", action="store_true")
    options = arguments.parse_args()
    folder = tempfile.mkdtemp()
    soak = None
    try:
        soak = Soak(options.gatehouse, folder, options)
        status = soak.run()
        if status:
            kept = folder + "-logs"
            shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.sqlite*", "*.key"))
            print(f"the servers' logs are in {kept}")
        return status
    finally:
        if soak:
            soak.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
