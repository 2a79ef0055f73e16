#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated Bitbucket Cloud with atlassian-python-api, a well-known Python client, and with git.

    pip install atlassian-python-api
    scripts/compat-bitbucket.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import uuid

import requests
from atlassian.bitbucket.cloud import Cloud

from checks import check, finish

# The client writes every refusal to the log, and many are wanted here.
logging.disable(logging.CRITICAL)


def refused(work, status):
    """True when `work` is refused with exactly this status."""
    try:
        work()
    except requests.HTTPError as error:
        if error.response.status_code != status:
            raise AssertionError(f"status {error.response.status_code}, expected {status}: {error}") from error
        return True
    raise AssertionError(f"succeeded, expected {status}")


def git(*arguments, cwd=None):
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def commit(repository, fields, files=None, **parameters):
    """The client has no call of its own for commits: its general one with a form."""
    parts = {name: (None, value) for name, value in fields.items()}
    parts |= {path: (os.path.basename(path) or "file", data) for path, data in (files or {}).items()}
    return repository.post("src", files=parts, headers={"Accept": "*/*"}, advanced_mode=True, **parameters)


def account_checks(cloud, ready):
    check("user: the token's own account", lambda: cloud.get("user")["username"] == ready["login"])
    check("user: a wrong token is 401", lambda: refused(lambda: Cloud(
        ready["host"], username=ready["basic"]["user"], password="wrong").get("user"), 401))
    check("user: the account's name in the email's place is 401", lambda: refused(lambda: Cloud(
        ready["host"], username=ready["login"], password=ready["basic"]["password"]).get("user"), 401))
    check("user: an API token by Bearer is 401", lambda: refused(lambda: Cloud(
        ready["host"], token=ready["basic"]["password"]).get("user"), 401))


def workspace_checks(cloud, ready):
    listed = check("workspaces: all", lambda: {w.slug: w for w in cloud.workspaces.each()}) or {}
    check("workspaces: the user's own and the organisation's", lambda: {ready["namespace"], "harbour-works"} <= set(listed))
    check("workspaces: those administered", lambda: ready["namespace"] in [
        w.slug for w in cloud.workspaces.each(administrator="true")])
    space = check("workspaces: by slug", lambda: cloud.workspaces.get(ready["namespace"]))
    check("workspaces: by UUID", lambda: cloud.workspaces.get(space.uuid).slug == ready["namespace"])
    check("workspaces: unknown is not there", lambda: not cloud.workspaces.exists("no-such-workspace"))
    check("projects: the one there is", lambda: [p.key for p in space.projects.each()] == ["PROJ"])
    return space


def repository_checks(cloud, space, ready):
    names = check("repositories: all", lambda: [r.slug for r in space.repositories.each()]) or []
    check("repositories: each once", lambda: len(set(names)) == len(names) and ready["project"] in names)
    check("repositories: filtered", lambda: [r.slug for r in space.repositories.each(
        role="owner", q=f'slug="{ready["project"]}"')] == [ready["project"]])
    check("repositories: by name", lambda: cloud.repositories.get(
        ready["namespace"], ready["project"]).slug == ready["project"])
    check("repositories: unknown is 404", lambda: refused(
        lambda: cloud.repositories.get(ready["namespace"], "no-such-repository"), 404))
    check("repositories: another's is 404", lambda: refused(
        lambda: cloud.repositories.get("marlow", "secret-cove"), 404))
    slug = f"compat-{uuid.uuid4().hex[:8]}"
    made = check("repositories: create", lambda: space.repositories.create(slug, is_private=True, project_key="PROJ"))
    check("repositories: made as asked for", lambda: made.slug == slug and made.is_private and made.get_data("mainbranch") is None)
    check("repositories: a second of the name is 400", lambda: refused(lambda: space.repositories.create(slug), 400))
    check("repositories: a bad name is 400", lambda: refused(lambda: space.repositories.create("a b"), 400))
    check("repositories: exists", lambda: space.repositories.exists(slug))
    return made


def file_checks(repository):
    path = "docs/naïve plan + 100%1.md"
    first = check("files: the first commit of an empty repository", lambda: commit(
        repository, {"message": "Begin", "branch": "main"}, {"/README.md": b"# Made\n"}))
    check("files: 201 without a body, and where the commit is", lambda: first.status_code == 201
          and not first.content and "/commit/" in first.headers["Location"])
    tip = check("branches: the commit is on it", lambda: repository.branches.get("main").hash)
    check("files: the answer names the commit", lambda: first.headers["Location"].endswith(tip))
    check("files: create", lambda: commit(
        repository, {"message": "Add a plan", "branch": "main", "parents": tip}, {"/" + path: b"one\n"}).status_code == 201)
    check("files: read", lambda: repository.get_source_file("main", path) == b"one\n")
    check("files: a stale parent is 409", lambda: commit(
        repository, {"message": "Late", "branch": "main", "parents": tip}, {"/" + path: b"two\n"}).status_code == 409)
    check("files: unchanged", lambda: repository.get_source_file("main", path) == b"one\n")
    check("files: overwrite", lambda: commit(
        repository, {"message": "Change"}, {"/" + path: b"two\n"}).status_code == 201)
    check("files: overwritten", lambda: repository.get_source_file("main", path) == b"two\n")
    data = bytes(range(256)) * 4
    check("files: all bytes", lambda: commit(repository, {"message": "Bytes"}, {"/bytes.bin": data}).status_code == 201)
    check("files: all bytes come back", lambda: repository.get_source_file("main", "bytes.bin") == data)
    listed = check("files: a directory", lambda: repository.get_source_directory("main", "docs"))
    check("files: its entries", lambda: [e["path"] for e in listed["values"]] == [path])
    check("files: facts", lambda: repository.get("src/main/bytes.bin", params={"format": "meta"})["size"] == 1024)
    check("files: a whole tree", lambda: {e["path"] for e in repository.get(
        "src/main", params={"max_depth": 5, "pagelen": 100}, trailing=True)["values"]} == {"README.md", "bytes.bin", "docs", path})
    check("files: unknown is 404", lambda: refused(lambda: repository.get_source_file("main", "nothing"), 404))
    check("files: remove", lambda: commit(repository, {"message": "Drop", "files": "/bytes.bin"}).status_code == 201)
    check("files: removed", lambda: refused(lambda: repository.get_source_file("main", "bytes.bin"), 404))


def ref_checks(repository):
    tip = repository.branches.get("main").hash
    check("branches: create", lambda: repository.branches.create("topic/one.two", tip).name == "topic/one.two")
    check("branches: a second of the name is 400", lambda: refused(
        lambda: repository.branches.create("topic/one.two", tip), 400))
    check("branches: all", lambda: [b.name for b in repository.branches.each()] == ["main", "topic/one.two"])
    check("branches: filtered", lambda: [b.name for b in repository.branches.each(q='name ~ "topic"')] == ["topic/one.two"])
    check("branches: files of one with a slash", lambda: repository.get_source_file(
        repository.branches.get("topic/one.two").hash, "README.md") == b"# Made\n")
    check("branches: delete", lambda: repository.branches.delete("topic/one.two"))
    check("tags: create", lambda: repository.tags.create("v1.0.0", tip).hash == tip)
    check("tags: annotated whatever was asked for", lambda: repository.tags.get("v1.0.0").get_data(
        "message").startswith("Added tag v1.0.0 for changeset"))
    check("tags: a second of the name is 400", lambda: refused(lambda: repository.tags.create("v1.0.0", tip), 400))
    check("tags: an unknown commit is 400", lambda: refused(lambda: repository.tags.create("v2", "0" * 40), 400))
    check("tags: a branch in a commit's place is 400", lambda: refused(lambda: repository.tags.create("v2", "main"), 400))
    check("tags: all", lambda: [t.name for t in repository.tags.each()] == ["v1.0.0"])
    check("tags: delete", lambda: repository.tags.delete("v1.0.0"))
    check("tags: unknown is 404", lambda: refused(lambda: repository.tags.get("v1.0.0"), 404))


def crowd_checks(cloud, ready):
    crowded = cloud.repositories.get(ready["namespace"], "crowded-quay")
    names = check("paging: three pages of branches", lambda: [
        b["name"] for b in crowded._get_paged("refs/branches", params={"pagelen": 100})]) or []
    check("paging: each once", lambda: len(names) == len(set(names)) == 251)
    check("paging: too long a page is 400", lambda: refused(
        lambda: crowded.get("refs/tags", params={"pagelen": 101}), 400))


def commit_checks(cloud, repository, ready):
    tip = repository.branches.get("main").hash
    check("commits: newest first", lambda: [c.hash for c in repository.commits.each(top="main")][0] == tip)
    check("commits: by a parameter", lambda: [c.hash for c in repository.commits.each(include="main")][0] == tip)
    check("commits: one", lambda: repository.commits.get(tip).message.startswith("Drop"))
    check("commits: of a file", lambda: len(list(repository.commits.each(include="main", path="README.md"))) == 1)
    check("commits: unknown is 404", lambda: refused(lambda: list(repository.commits.each(top="nowhere")), 404))
    seeded = cloud.repositories.get(ready["namespace"], ready["project"])
    found = check("commits: all pages", lambda: [c.hash for c in seeded.commits.each(top="main")]) or []
    check("commits: each once", lambda: len(found) == len(set(found)) > 10)


def hook_checks(repository):
    hook = check("hooks: create", lambda: repository.hooks.create(
        "https://example.com/hook", "Compat", ["repo:push"]))
    check("hooks: secret", lambda: "seal" not in json.dumps(repository.post("hooks", data={
        "url": "https://example.com/hook", "events": ["repo:push"], "active": True, "secret": "seal"})))
    check("hooks: all, a second of one address too", lambda: len(list(repository.hooks.each())) == 2)
    check("hooks: by UUID", lambda: repository.hooks.get(hook.uuid()).webhook_url() == "https://example.com/hook")
    check("hooks: change", lambda: hook.update(active=False) and repository.hooks.get(hook.uuid()).active() is False)
    check("hooks: an address of this machine is 400", lambda: refused(lambda: repository.hooks.create(
        "http://127.0.0.1/hook", "Local", ["repo:push"]), 400))
    check("hooks: an unknown event is 400", lambda: refused(lambda: repository.hooks.create(
        "https://example.com/hook", "Event", ["repo:burnt"]), 400))
    check("hooks: delete", lambda: [h.delete() for h in repository.hooks.each()])
    check("hooks: gone", lambda: list(repository.hooks.each()) == [])


def git_checks(repository, ready):
    address = [link["href"] for link in repository.get_data("links")["clone"] if link["name"] == "https"][0]
    password = ready["basic"]["password"]
    with tempfile.TemporaryDirectory() as folder:
        clone = address.replace("@", f":{password}@")
        check("git: clone by the repository's own address", lambda: git("clone", "-q", clone, "work", cwd=folder))
        work = os.path.join(folder, "work")
        who = ["-c", "user.name=Compat", "-c", "user.email=compat@example.com"]
        check("git: push", lambda: git(*who, "commit", "-q", "--allow-empty", "-m", "Pushed", cwd=work) == ""
              and git("push", "-q", "origin", "main", cwd=work) == "")
        check("git: what was pushed is there", lambda: repository.branches.get("main").hash == git(
            "rev-parse", "HEAD", cwd=work))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["bitbucket"]
    cloud = Cloud(ready["host"], username=ready["basic"]["user"], password=ready["basic"]["password"])
    account_checks(cloud, ready)
    space = workspace_checks(cloud, ready)
    repository = repository_checks(cloud, space, ready)
    if repository is not None:
        file_checks(repository)
        ref_checks(repository)
        commit_checks(cloud, repository, ready)
        hook_checks(repository)
        git_checks(repository, ready)
        check("repositories: delete", lambda: repository.delete(None))
        check("repositories: deleted", lambda: not space.repositories.exists(repository.slug))
    crowd_checks(cloud, ready)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
