#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated Bitbucket Data Center with atlassian-python-api, a well-known Python client, and with git.

    pip install atlassian-python-api
    scripts/compat-bitbucket-server.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import json
import os
import subprocess
import sys
import tempfile
import uuid

import requests
from atlassian import Bitbucket
from atlassian.errors import ApiError

from checks import check, finish


def refused(work, status):
    """True when `work` is refused with exactly this status."""
    try:
        work()
    except (requests.HTTPError, ApiError) as error:
        cause = error if isinstance(error, requests.HTTPError) else error.reason
        code = cause.response.status_code
        if code != status:
            raise AssertionError(f"status {code}, expected {status}: {error}") from error
        return True
    raise AssertionError(f"succeeded, expected {status}")


def git(*arguments, cwd=None):
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def account_checks(api, ready):
    who = requests.get(ready["host"] + "/rest/api/latest/application-properties", timeout=30,
                       headers={"Authorization": f"Bearer {ready['token']}"})
    check("user: a header of every answer names it", lambda: who.headers["X-AUSERNAME"] == ready["login"])
    check("user: by slug", lambda: api.get(f"rest/api/latest/users/{ready['login']}")["slug"] == ready["login"])
    check("users: by a part of the name", lambda: ready["login"] in [
        u["slug"] for u in api.get_users(user_filter=ready["login"])["values"]])
    check("user: a wrong token is 401", lambda: refused(
        lambda: list(Bitbucket(ready["host"], token="wrong", cloud=False).project_list()), 401))
    check("user: by password", lambda: "HARBOUR_WORKS" in [
        p["key"] for p in Bitbucket(ready["host"], username=ready["sign_in"]["user"],
                                    password=ready["sign_in"]["password"], cloud=False).project_list()])
    check("user: a wrong password is 401", lambda: refused(
        lambda: list(Bitbucket(ready["host"], username=ready["login"], password="x", cloud=False).project_list()), 401))


def project_checks(api, ready):
    check("projects: the organisation's", lambda: api.project("HARBOUR_WORKS")["type"] == "NORMAL")
    check("projects: the user's own", lambda: api.project(ready["namespace"])["type"] == "PERSONAL")
    check("projects: unknown is 404", lambda: refused(lambda: api.project("NOBODYS"), 404))
    listed = check("repositories: two a page", lambda: [
        r["slug"] for r in api.repo_list(ready["namespace"], limit=2)]) or []
    check("repositories: each once", lambda: ready["project"] in listed and len(set(listed)) == len(listed))
    one = check("repositories: one", lambda: api.get_repo(ready["namespace"], ready["project"]))
    check("repositories: clone addresses", lambda: {link["name"] for link in one["links"]["clone"]} == {"http", "ssh"})
    check("repositories: another user's is 401", lambda: refused(lambda: api.get_repo("~marlow", "secret-cove"), 401))
    check("repositories: unknown is 404", lambda: refused(lambda: api.get_repo(ready["namespace"], "none"), 404))


def reference_checks(api, key, slug):
    branches = [b["displayId"] for b in api.get_branches(key, slug, details=False)]
    check("branches: list", lambda: branches == ["main"])
    check("branches: create", lambda: api.create_branch(key, slug, "topic/one.two", "main")["displayId"] == "topic/one.two")
    check("branches: a second of the name is 400", lambda: refused(
        lambda: api.create_branch(key, slug, "topic/one.two", "main"), 400))
    check("branches: delete", lambda: api.delete_branch(key, slug, "topic/one.two") is None)
    check("branches: default", lambda: api.get_default_branch(key, slug)["displayId"] == "main")
    check("tags: lightweight", lambda: api.set_tag(key, slug, "v1.0.0", "main")["hash"] is None)
    check("tags: annotated", lambda: len(api.set_tag(key, slug, "release/1", "main", "The first")["hash"]) == 40)
    check("tags: a second of the name is 409", lambda: refused(lambda: api.set_tag(key, slug, "v1.0.0", "main"), 409))
    check("tags: of an unknown commit is 404", lambda: refused(lambda: api.set_tag(key, slug, "v9", "nowhere"), 404))
    check("tags: list, one a page", lambda: sorted(
        t["displayId"] for t in api.get_tags(key, slug, limit=1)) == ["release/1", "v1.0.0"])
    check("tags: one", lambda: api.get_project_tags(key, slug, "release/1")["displayId"] == "release/1")
    check("tags: delete", lambda: api.delete_tag(key, slug, "release/1") is None)
    check("tags: gone", lambda: refused(lambda: api.get_project_tags(key, slug, "release/1"), 404))


def file_checks(api, key, slug):
    path = "docs/ünï code/a b.txt"
    made = check("files: create", lambda: api.upload_file(key, slug, "first\n", "Add", "main", path))
    check("files: create again is 409", lambda: refused(
        lambda: api.upload_file(key, slug, "first\n", "Add", "main", path), 409))
    check("files: read", lambda: api.get_content_of_file(key, slug, path, at="main") == b"first\n")
    changed = check("files: update", lambda: api.update_file(
        key, slug, "second\n", "Change", "main", path, made["id"]))
    check("files: update with a stale commit is 409", lambda: refused(
        lambda: api.update_file(key, slug, "lost\n", "Lost", "main", path, made["id"]), 409))
    check("files: the same content is 409", lambda: refused(
        lambda: api.update_file(key, slug, "second\n", "Same", "main", path, changed["id"]), 409))
    check("files: read again", lambda: api.get_content_of_file(key, slug, path, at="main") == b"second\n")
    check("files: list", lambda: list(api.get_file_list(key, slug, query="main")) == ["README.md", path])
    check("files: list of a folder", lambda: list(
        api.get_file_list(key, slug, sub_folder="docs", query="main")) == ["ünï code/a b.txt"])
    check("files: unknown is 404", lambda: refused(
        lambda: api.get_content_of_file(key, slug, "none.txt", at="main"), 404))
    check("commits: newest first", lambda: [
        c["message"] for c in api.get_commits(key, slug, limit=10)] == ["Change", "Add", "Begin"])
    check("commits: of a file", lambda: [
        c["message"] for c in api.get_commits(key, slug, until="main", path="README.md")] == ["Begin"])
    check("commits: milliseconds", lambda: next(iter(
        api.get_commits(key, slug)))["authorTimestamp"] > 1_600_000_000_000)
    check("files: there is no way to delete one", lambda: refused(
        lambda: api.delete(f"rest/api/1.0/projects/{key}/repos/{slug}/browse/README.md"), 405))


def hook_checks(api, key, slug):
    made = check("webhooks: create", lambda: api.create_webhook(
        key, slug, "CI", ["repo:refs_changed"], "https://ci.example/hook", True, secret="s3cret"))
    check("webhooks: list", lambda: [h["url"] for h in api.get_webhooks(key, slug)] == ["https://ci.example/hook"])
    check("webhooks: one", lambda: api.get_webhook(key, slug, made["id"])["events"] == ["repo:refs_changed"])
    check("webhooks: an address that is none is 400", lambda: refused(
        lambda: api.create_webhook(key, slug, "CI", ["repo:refs_changed"], "ftp://ci", True), 400))
    check("webhooks: delete", lambda: api.delete_webhook(key, slug, made["id"]) is None)
    check("webhooks: gone", lambda: refused(lambda: api.get_webhook(key, slug, made["id"]), 404))


def git_checks(api, ready, key, slug):
    address = next(link["href"] for link in api.get_repo(key, slug)["links"]["clone"] if link["name"] == "http")
    with tempfile.TemporaryDirectory() as folder:
        bearer = ["-c", f"http.extraHeader=Authorization: Bearer {ready['token']}"]
        check("git: clone with a token as Bearer", lambda: git(*bearer, "clone", "-q", address, folder + "/one"))
        who = ["-c", "user.name=Octavia", "-c", "user.email=octavia@example.com"]
        check("git: commit", lambda: git(*who, "-C", folder + "/one", "rm", "-q", "README.md") == ""
              and git(*who, "-C", folder + "/one", "commit", "-q", "-m", "Remove") == "")
        basic = address.replace("://", f"://{ready['login']}:{ready['token']}@", 1)
        check("git: push with a token as password", lambda: git("-C", folder + "/one", "push", "-q", basic, "main") == "")
        check("git: the push shows", lambda: next(iter(api.get_commits(key, slug)))["message"] == "Remove")
        check("git: without a credential it is refused", lambda: subprocess.run(
            ["git", "ls-remote", address], capture_output=True, check=False,
            env=dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_ASKPASS="true")).returncode != 0)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["bitbucket-datacenter"]
    api = Bitbucket(ready["host"], token=ready["token"], cloud=False, advanced_mode=False)
    account_checks(api, ready)
    project_checks(api, ready)
    key, slug = ready["namespace"], f"made-{uuid.uuid4().hex[:8]}"
    check("repositories: create", lambda: api.create_repo(key, slug)["slug"] == slug)
    check("repositories: a second of the name is 409", lambda: refused(lambda: api.create_repo(key, slug), 409))
    check("repositories: an empty one has no branches", lambda: list(api.get_branches(key, slug, details=False)) == [])
    check("repositories: an empty one has no commits", lambda: list(api.get_commits(key, slug)) == [])
    check("files: the first of an empty repository", lambda: api.upload_file(
        key, slug, "# Made\n", "Begin", "main", "README.md"))
    reference_checks(api, key, slug)
    file_checks(api, key, slug)
    hook_checks(api, key, slug)
    git_checks(api, ready, key, slug)
    check("repositories: delete", lambda: api.delete_repo(key, slug))
    check("repositories: gone", lambda: refused(lambda: api.get_repo(key, slug), 404))
    return finish()


if __name__ == "__main__":
    sys.exit(main())
