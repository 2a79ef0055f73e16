#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Lets `gatehouse serve` take the tokens of a real OpenStack Keystone, with SQLite and behind waitress, and looks at what it
lets in: good, revoked, expired and unscoped tokens, other projects, disabled users, and a Keystone that is not there.

    pip install keystone waitress keystoneauth1
    scripts/integration-keystone.py GATEHOUSE        (the program)

Everything is in a temporary folder and on 127.0.0.1, and is stopped at the end. Prints one line a check and
`N passed, M failed`; exits 1 when a check failed.
"""

import concurrent.futures
import getpass
import grp
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import requests
from keystoneauth1 import exceptions
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import generic

PROGRAM = os.path.abspath(sys.argv[1])
SCRIPTS = pathlib.Path(__file__).resolve().parent
ADMIN = "admin-canary-password"
SERVICE = "service-canary-password"
PERSON = "person-canary-password"
# Seconds that Gatehouse takes a token without asking again.
BOUND = 4

passed = 0
failed = 0
# Everything that may be seen nowhere.
canaries = {ADMIN, SERVICE, PERSON}


def check(name, condition, detail=""):
    global passed, failed
    if condition:
        passed += 1
        print(f"ok   {name}", flush=True)
    else:
        failed += 1
        print(f"FAIL {name} {detail}", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(condition, seconds=60):
    """Waits until something is so, and tells whether it came to be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Program:
    """A process that is stopped at the end, whatever happens."""

    started = []

    def __init__(self, arguments, log, **more):
        self.log = log
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=open(log, "a"), stderr=subprocess.STDOUT, **more
        )
        Program.started.append(self)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


class Keystone:
    """A Keystone of its own, and its administrator."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}/v3"
        self.requests = folder / "requests"
        self.requests.touch()
        self.configuration = self.configure("keystone.conf", 3600)
        self.program = None
        group = grp.getgrgid(os.getgid()).gr_name
        for arguments in (
            ["db_sync"],
            ["fernet_setup", "--keystone-user", getpass.getuser(), "--keystone-group", group],
            ["credential_setup", "--keystone-user", getpass.getuser(), "--keystone-group", group],
            ["bootstrap", "--bootstrap-public-url", self.root, "--bootstrap-region-id", "RegionOne"],
        ):
            subprocess.run(
                [pathlib.Path(sys.executable).parent / "keystone-manage", "--config-file", self.configuration, *arguments],
                env=dict(os.environ, OS_BOOTSTRAP_PASSWORD=ADMIN), stdout=open(folder / "manage.log", "a"),
                stderr=subprocess.STDOUT, check=True,
            )

    def configure(self, name, lifetime):
        path = self.folder / name
        path.write_text(
            f"[DEFAULT]\nuse_stderr = true\n"
            f"[database]\nconnection = sqlite:///{self.folder}/keystone.db\n"
            f"[token]\nexpiration = {lifetime}\n"
            f"[fernet_tokens]\nkey_repository = {self.folder}/fernet\n"
            f"[credential]\nkey_repository = {self.folder}/credential\n"
            f"[identity]\npassword_hash_rounds = 4\n"
        )
        return path

    def serve(self, configuration, port):
        program = Program(
            [sys.executable, SCRIPTS / "keystone-server.py", configuration, str(port), self.requests],
            self.folder / "keystone.log",
        )
        if not wait(lambda: answers(f"http://127.0.0.1:{port}/v3")):
            raise SystemExit("Keystone did not come up:\n" + (self.folder / "keystone.log").read_text()[-2000:])
        return program

    def start(self):
        self.program = self.serve(self.configuration, self.port)

    def stop(self):
        self.program.stop()

    def token(self, user, password, scope=None, domain="Default", root=None, method=None):
        """A token's text. The scope is that of the API: {"project": …}, {"domain": …} or none."""
        identity = method or {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": {"name": domain}, "password": password}},
        }
        body = {"auth": {"identity": identity}}
        body["auth"]["scope"] = scope or "unscoped"
        answer = requests.post((root or self.root) + "/auth/tokens?nocatalog=1", json=body, timeout=30)
        answer.raise_for_status()
        token = answer.headers["X-Subject-Token"]
        canaries.add(token)
        return token

    def admin(self, method, path, body=None):
        if not hasattr(self, "own"):
            self.own = self.token("admin", ADMIN, {"project": {"name": "admin", "domain": {"name": "Default"}}})
        answer = requests.request(
            method, self.root + path, json=body, headers={"X-Auth-Token": self.own}, timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def make(self, kind, **values):
        return self.admin("POST", f"/{kind}s", {kind: values})[kind]["id"]

    def role(self, name):
        found = self.admin("GET", f"/roles?name={name}")["roles"]
        return found[0]["id"] if found else self.make("role", name=name)

    def assign(self, user, project, role):
        self.admin("PUT", f"/projects/{project}/users/{user}/roles/{self.role(role)}")

    def revoke(self, token):
        requests.delete(
            self.root + "/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}, timeout=30
        ).raise_for_status()

    def questions(self, token):
        """How often it was asked about a token, the questions after an end left out."""
        digest = hashlib.sha256(token.encode()).hexdigest()[:16]
        lines = [line.split() for line in self.requests.read_text().splitlines()]
        return sum(
            1 for line in lines
            if line[0] == "GET" and line[3] == digest and line[4] == "gatehouse" and "allow_expired" not in line[1]
        )

    def logins(self):
        lines = [line.split() for line in self.requests.read_text().splitlines()]
        return sum(1 for line in lines if line[0] == "POST" and line[4] == "gatehouse")


def answers(address):
    try:
        requests.get(address, timeout=2)
        return True
    except requests.RequestException:
        return False


class Gatehouse:
    def __init__(self, folder, keystone, **settings):
        self.folder = folder
        folder.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
            "GATEHOUSE_IDENTITY_KEYSTONE_URL": keystone,
            "GATEHOUSE_IDENTITY_KEYSTONE_USER": "gatehouse",
            "GATEHOUSE_IDENTITY_KEYSTONE_PASSWORD": SERVICE,
            "GATEHOUSE_IDENTITY_KEYSTONE_CACHE_SECONDS": str(BOUND),
            "GATEHOUSE_IDENTITY_KEYSTONE_NEGATIVE_CACHE_SECONDS": "1",
            "GATEHOUSE_IDENTITY_KEYSTONE_TIMEOUT_SECONDS": "5",
            "GATEHOUSE_LOG_LEVEL": "trace", **settings,
        }
        self.log = folder / "log"

    def start(self):
        self.program = Program(
            [PROGRAM, "serve", "--port", "0"], self.log, env=self.environment, cwd=self.folder
        )
        self.root = None

        def listening():
            found = re.search(r"address=(127\.0\.0\.1:[0-9]+) public_url", self.log.read_text())
            self.root = found and f"http://{found[1]}"
            return self.root or self.program.process.poll() is not None

        wait(listening)
        if not self.root:
            raise SystemExit("Gatehouse did not come up:\n" + self.log.read_text()[-2000:])

    def run(self, *arguments):
        done = subprocess.run(
            [PROGRAM, *arguments], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def get(self, token, project, path="/git/auths", **headers):
        return requests.get(
            f"{self.root}/v1/{project}{path}", headers={"X-Auth-Token": token, **headers}, timeout=60
        )

    def signed(self, key, secret, path):
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        canonical = f"GET\n{path}/\n\nx-sdk-date:{date}\n\nx-sdk-date\n{hashlib.sha256(b'').hexdigest()}"
        text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return requests.get(
            self.root + path,
            headers={
                "X-Sdk-Date": date,
                "Authorization": f"SDK-HMAC-SHA256 Access={key}, SignedHeaders=x-sdk-date, Signature={signature}",
            },
            timeout=60,
        )


def code(answer):
    try:
        return answer.status_code, answer.json().get("error_code", "")
    except ValueError:
        return answer.status_code, answer.text[:80]


def refused_within_bound(name, ask, expected):
    """A refusal that must come before the bound is over; a second more for the question itself."""
    start = time.monotonic()
    came = wait(lambda: code(ask()) == expected, BOUND + 2)
    took = time.monotonic() - start
    check(f"{name}: refused {took:.1f} s afterwards, the bound is {BOUND} s", came and took <= BOUND + 1, code(ask()))


def prepare(keystone):
    """Users, projects and roles."""
    world = {}
    world["service"] = keystone.make("project", name="service", domain_id="default")
    world["gatehouse"] = keystone.make("user", name="gatehouse", domain_id="default", password=SERVICE)
    keystone.assign(world["gatehouse"], world["service"], "service")
    for domain in ("east", "west"):
        world[domain] = keystone.make("domain", name=domain)
        world[f"apollo@{domain}"] = keystone.make("project", name="apollo", domain_id=world[domain])
    world["gemini"] = keystone.make("project", name="gemini", domain_id=world["east"])
    for name in ("alice", "bob", "carol", "dave"):
        world[name] = keystone.make("user", name=name, domain_id=world["east"], password=PERSON)
        keystone.assign(world[name], world["apollo@east"], "member")
    keystone.assign(world["alice"], world["apollo@west"], "reader")
    keystone.admin("PUT", f"/domains/{world['east']}/users/{world['alice']}/roles/{keystone.role('reader')}")
    return world


EAST = {"project": {"name": "apollo", "domain": {"name": "east"}}}
WEST = {"project": {"name": "apollo", "domain": {"name": "west"}}}


def scopes(keystone, gate, world):
    east, west = world["apollo@east"], world["apollo@west"]
    token = keystone.token("alice", PERSON, EAST, "east")
    answer = gate.get(token, east)
    check("a token that is scoped to a project opens it", answer.status_code == 200, answer.text)
    check("another project is refused", code(gate.get(token, west)) == (403, "APIGW.0302"))
    for name, scope in (("unscoped", None), ("domain", {"domain": {"name": "east"}})):
        other = keystone.token("alice", PERSON, scope, "east")
        answer = gate.get(other, east)
        check(f"a token of the scope {name} is refused and told why", code(answer) == (403, "APIGW.0302")
              and "auth.scope.project" in answer.text, answer.text)
    answer = gate.get("gAAAAAB" + "x" * 180, east)
    check("a made-up token is refused", code(answer) == (401, "APIGW.0301"), answer.text)
    for odd in ("x", "é" * 10, "a b", "a" * 20_000, "gate_" + "x" * 43):
        sent = odd.encode("utf-8")
        answer = requests.get(f"{gate.root}/v1/{east}/git/auths", headers={"X-Auth-Token": sent}, timeout=60)
        check(f"an odd token of {len(sent)} bytes is refused", code(answer) == (401, "APIGW.0301"), answer.text)
    other = keystone.token("alice", PERSON, WEST, "east")
    check("a project of the same name in another domain is another one", gate.get(other, west).status_code == 200
          and code(gate.get(other, east)) == (403, "APIGW.0302"))
    status, text = gate.run("tenant", "list")
    check("tenants are listed with their domains", status == 0 and f"{east}  apollo  (east)" in text
          and f"{west}  apollo  (west)" in text, text)
    rescoped = keystone.token(None, None, WEST, method={"methods": ["token"], "token": {"id": token}})
    check("a token that was got by a token works", gate.get(rescoped, west).status_code == 200)
    status, text = gate.run("user", "list", "apollo")
    check("a name that two projects have is asked back", status != 0 and east in text and west in text, text)


def keys(keystone, gate, world):
    east = world["apollo@east"]
    status, text = gate.run("access-key", "create", east, "alice")
    made = re.search(r"access_key  (\S+)\nsecret_key  (\S+)", text)
    check("the operator makes an access key for a user of the Keystone", status == 0 and made, text)
    canaries.add(made[2])
    answer = gate.signed(made[1], made[2], f"/v1/{east}/git/auths")
    check("the access key signs", answer.status_code == 200, answer.text)
    answer = gate.signed(made[1], made[2], "/v3/projects")
    check("a signed request finds its project", answer.status_code == 200 and east in answer.text, answer.text)
    answer = gate.signed(made[1], made[2], f"/v1/{world['apollo@west']}/git/auths")
    check("the access key is good for its own project", code(answer) == (403, "APIGW.0302"), answer.text)
    status, text = gate.run("user", "create", east, "eve")
    check("users of the Keystone are not made here", status != 0 and "Keystone" in text, text)


def endings(keystone, gate, world):
    east = world["apollo@east"]
    token = keystone.token("alice", PERSON, EAST, "east")
    check("before: the token works", gate.get(token, east).status_code == 200)
    keystone.revoke(token)
    check("a token that was just revoked may still work", gate.get(token, east).status_code == 200)
    refused_within_bound("a revoked token", lambda: gate.get(token, east), (401, "APIGW.0301"))

    token = keystone.token("bob", PERSON, EAST, "east")
    check("before: bob works", gate.get(token, east).status_code == 200)
    keystone.admin("PATCH", f"/users/{world['bob']}", {"user": {"enabled": False}})
    refused_within_bound("a disabled user", lambda: gate.get(token, east), (401, "APIGW.0301"))

    token = keystone.token("dave", PERSON, EAST, "east")
    check("before: dave works", gate.get(token, east).status_code == 200)
    keystone.admin("DELETE", f"/projects/{east}/users/{world['dave']}/roles/{keystone.role('member')}")
    refused_within_bound("a role that was taken away", lambda: gate.get(token, east), (401, "APIGW.0301"))

    keystone.admin("PATCH", f"/projects/{world['gemini']}", {"project": {"name": "gemini"}})
    keystone.assign(world["alice"], world["gemini"], "member")
    scope = {"project": {"id": world["gemini"]}}
    token = keystone.token("alice", PERSON, scope, "east")
    check("before: the project is listed", gate.get(token, world["gemini"]).status_code == 200
          and f"{world['gemini']}  gemini" in gate.run("tenant", "list")[1])
    keystone.admin("PATCH", f"/projects/{world['gemini']}", {"project": {"name": "mercury"}})
    time.sleep(BOUND + 0.5)
    check("a new name at the Keystone follows", gate.get(token, world["gemini"]).status_code == 200
          and f"{world['gemini']}  mercury" in gate.run("tenant", "list")[1])

    application(keystone, gate, world)
    port = free_port()
    short = keystone.serve(keystone.configure("short.conf", 3), port)
    try:
        scope = {"project": {"name": "apollo", "domain": {"name": "east"}}}
        known = keystone.token("carol", PERSON, scope, "east", root=f"http://127.0.0.1:{port}/v3")
        unknown = keystone.token("carol", PERSON, scope, "east", root=f"http://127.0.0.1:{port}/v3")
        check("before: a token of three seconds works", gate.get(known, east).status_code == 200)
        time.sleep(4)
        check("a known token that has expired is told from others", code(gate.get(known, east)) == (401, "APIGW.0307"))
        answer = gate.get(unknown, east)
        check("so is one that was never seen", code(answer) == (401, "APIGW.0307"), answer.text)
    finally:
        short.stop()


def application(keystone, gate, world):
    """Tokens of application credentials: with fewer roles they work, with access rules they do not."""
    east = world["apollo@east"]
    own = keystone.token("carol", PERSON, EAST, "east")

    def credential(name, **more):
        body = {"application_credential": {"name": name, "secret": PERSON, **more}}
        answer = requests.post(f"{keystone.root}/users/{world['carol']}/application_credentials", json=body,
                               headers={"X-Auth-Token": own}, timeout=30)
        answer.raise_for_status()
        method = {"methods": ["application_credential"], "application_credential": {
            "id": answer.json()["application_credential"]["id"], "secret": PERSON}}
        answer = requests.post(keystone.root + "/auth/tokens", json={"auth": {"identity": method}}, timeout=30)
        answer.raise_for_status()
        canaries.add(answer.headers["X-Subject-Token"])
        return answer.headers["X-Subject-Token"]

    token = credential("robot", roles=[{"name": "member"}])
    check("a token of an application credential works", gate.get(token, east).status_code == 200)
    token = credential("ruled", access_rules=[{"path": "/v2.1/servers", "method": "GET", "service": "compute"}])
    answer = gate.get(token, east)
    check("one with access rules, which are not known here, is refused", code(answer) == (401, "APIGW.0301"),
          answer.text)


def crowds(keystone, gate, world):
    east = world["apollo@east"]
    token = keystone.token("carol", PERSON, EAST, "east")
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: gate.get(token, east).status_code, range(200)))
    asked = keystone.questions(token)
    check(f"200 requests with one token, 50 at once: {asked} question", statuses == [200] * 200 and asked == 1)
    tokens = [keystone.token("carol", PERSON, EAST, "east") for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda token: gate.get(token, east).status_code, tokens * 5))
    asked = sum(keystone.questions(token) for token in tokens)
    check(f"100 requests with 20 tokens at once: {asked} questions", statuses == [200] * 100 and asked == 20)


def service_user(keystone, gate, world):
    east = world["apollo@east"]
    logins = keystone.logins()
    # Revokes all tokens of the user; the password stays what it was.
    keystone.admin("PATCH", f"/users/{world['gatehouse']}", {"user": {"password": SERVICE}})
    time.sleep(1.1)
    token = keystone.token("carol", PERSON, EAST, "east")
    answer = gate.get(token, east)
    check("a service token that was revoked is renewed, unseen by callers",
          answer.status_code == 200 and keystone.logins() == logins + 1, answer.text)
    keystone.admin("PATCH", f"/users/{world['gatehouse']}", {"user": {"enabled": False}})
    logins = keystone.logins()
    answers = [gate.get(keystone.token("carol", PERSON, EAST, "east"), east) for _ in range(5)]
    check("a disabled service user is 503 for all", all(code(a) == (503, "APIGW.0613") for a in answers),
          answers[0].text)
    check("and does not sign in again and again", keystone.logins() - logins <= 2, keystone.logins() - logins)
    status, text = gate.run("doctor")
    check("the doctor says so", status == 1 and "refuses the service user" in text, text)
    keystone.admin("PATCH", f"/users/{world['gatehouse']}", {"user": {"enabled": True}})
    token = keystone.token("carol", PERSON, EAST, "east")
    check("enabled again, it works again", wait(lambda: gate.get(token, east).status_code == 200, 15))
    role = keystone.role("service")
    keystone.admin("PUT", f"/projects/{world['service']}/users/{world['gatehouse']}/roles/{keystone.role('reader')}")
    keystone.admin("DELETE", f"/projects/{world['service']}/users/{world['gatehouse']}/roles/{role}")
    time.sleep(1.1)
    answer = gate.get(keystone.token("carol", PERSON, EAST, "east"), east)
    check("a service user without the role is 503, and the log names it", code(answer) == (503, "APIGW.0613")
          and "Give it the role `service`" in gate.log.read_text(), answer.text)
    keystone.assign(world["gatehouse"], world["service"], "service")
    time.sleep(1.1)
    check("with the role, it works again", wait(lambda: gate.get(token, east).status_code == 200, 15))


def outage(keystone, gate, world):
    east = world["apollo@east"]
    known = keystone.token("alice", PERSON, EAST, "east")
    new = keystone.token("alice", PERSON, EAST, "east")
    asked = time.monotonic()
    check("before: the token works", gate.get(known, east).status_code == 200)
    keystone.stop()
    check("with the Keystone stopped, who is known goes on", gate.get(known, east).status_code == 200
          or time.monotonic() - asked > BOUND)
    answer = gate.get(new, east)
    check("who is not known gets 503 and Retry-After", code(answer) == (503, "APIGW.0613")
          and int(answer.headers.get("Retry-After", 0)) > 0, answer.text)
    answer = requests.get(f"{gate.root}/v3/projects", headers={"X-Auth-Token": new}, timeout=60)
    check("so do the identity's own routes", answer.status_code == 503 and "Retry-After" in answer.headers)
    came = wait(lambda: code(gate.get(known, east)) == (503, "APIGW.0613"), BOUND + 2)
    took = time.monotonic() - asked
    check(f"who was known gets 503 after {took:.1f} s, the bound is {BOUND} s", came and took <= BOUND + 1.5)
    check("Gatehouse itself is alive and ready", all(
        requests.get(gate.root + path, timeout=30).status_code == 200 for path in ("/livez", "/readyz")))
    keystone.start()
    check("with the Keystone back, both work", gate.get(known, east).status_code == 200
          and gate.get(new, east).status_code == 200)
    # Something that takes connections and never answers.
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(50)
    other = Gatehouse(gate.folder.parent / "deaf", f"http://127.0.0.1:{deaf.getsockname()[1]}",
                      GATEHOUSE_IDENTITY_KEYSTONE_TIMEOUT_SECONDS="1")
    other.start()
    start = time.monotonic()
    answer = other.get(new, east)
    check(f"a Keystone that does not answer is 503 after {time.monotonic() - start:.1f} s",
          code(answer) == (503, "APIGW.0613") and time.monotonic() - start < 5, answer.text)
    other.program.stop()
    deaf.close()


def client_library(keystone, gate, world):
    def token(address):
        auth = generic.Password(
            auth_url=address, username="alice", password=PERSON, user_domain_name="east", project_name="apollo",
            project_domain_name="east")
        return keystone_session.Session(auth=auth).get_token()

    good = token(keystone.root)
    canaries.add(good)
    check("a token that keystoneauth1 has got works", gate.get(good, world["apollo@east"]).status_code == 200)
    for address in (gate.root, gate.root + "/v3"):
        try:
            token(address)
            shown = "signed in"
        except exceptions.Forbidden as error:
            shown = str(error)
        check("keystoneauth1 at Gatehouse's address shows the Keystone's", keystone.root in shown, shown)


def over_tls(keystone, gate, world):
    """The Keystone behind TLS, with an authority of one's own."""
    folder = gate.folder.parent / "tls"
    folder.mkdir()

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj",
            "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "2", "-extfile", "names", "-out", "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            try:
                secure = context.wrap_socket(raw, server_side=True)
                plain = socket.create_connection(("127.0.0.1", keystone.port))
            except OSError:
                raw.close()
                continue
            for pair in ((secure, plain), (plain, secure)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    token = keystone.token("alice", PERSON, EAST, "east")
    for name, host, authority, expected in (
        ("with the authority in identity.keystone.ca", "localhost", True, (200, "")),
        ("without the authority", "localhost", False, (503, "APIGW.0613")),
        ("under a name that is not the certificate's", "127.0.0.1", True, (503, "APIGW.0613")),
    ):
        more = {"GATEHOUSE_IDENTITY_KEYSTONE_CA": str(folder / "ca.pem")} if authority else {}
        other = Gatehouse(gate.folder.parent / f"tls-{host}-{authority}", f"https://{host}:{port}", **more)
        other.start()
        answer = other.get(token, world["apollo@east"])
        check(f"the Keystone over TLS {name}: {expected[0]}", code(answer) == expected, answer.text)
        other.program.stop()
    listener.close()


def secrets(keystone, gate):
    check("Gatehouse ends well", gate.program.stop() == 0)
    seen = b"".join(path.read_bytes() for path in gate.folder.rglob("*") if path.is_file())
    found = [canary[:12] for canary in canaries if canary.encode() in seen]
    check(f"none of {len(canaries)} passwords and tokens is in the log or the files", not found, found)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-keystone-"))
    try:
        keystone = Keystone(folder)
        keystone.start()
        world = prepare(keystone)
        gate = Gatehouse(folder / "gatehouse", keystone.root)
        gate.start()
        status, text = gate.run("doctor")
        check("the doctor finds the Keystone good", "takes the service user gatehouse" in text, text)
        scopes(keystone, gate, world)
        keys(keystone, gate, world)
        endings(keystone, gate, world)
        crowds(keystone, gate, world)
        client_library(keystone, gate, world)
        over_tls(keystone, gate, world)
        service_user(keystone, gate, world)
        outage(keystone, gate, world)
        secrets(keystone, gate)
    finally:
        for program in Program.started:
            program.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
