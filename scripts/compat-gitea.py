#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated Gitea with py-gitea, a Python client of Gitea, and with git.

    pip install py-gitea
    scripts/compat-gitea.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

The client has no methods for tags and trees: for these its own request methods are used. A repository that it has just
made does not know its server, and is asked for again.

Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import base64
import json
import logging
import os
import subprocess
import sys
import tempfile
import uuid
from urllib.parse import quote

import gitea

from checks import check, finish


def refused(work, status):
    """True when `work` is refused with exactly this status: the client tells it in its sentence."""
    try:
        work()
    except Exception as error:  # each status has a class of its own
        if f"status code: {status}" not in str(error):
            raise AssertionError(f"{error}, expected {status}") from error
        return True
    raise AssertionError(f"succeeded, expected {status}")


def git(*arguments, cwd=None):
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def encoded(content):
    return base64.b64encode(content).decode()


def account_checks(api, ready):
    check("user: the token's own account", lambda: api.get_user().username == ready["login"])
    check("user: a password", lambda: gitea.Gitea(ready["host"], auth=(
        ready["sign_in"]["user"], ready["sign_in"]["password"])).get_user().username == ready["login"])
    check("user: a token as password", lambda: gitea.Gitea(ready["host"], auth=(
        ready["basic"]["user"], ready["basic"]["password"])).get_user().username == ready["login"])
    check("user: a wrong token is 401", lambda: refused(
        lambda: gitea.Gitea(ready["host"], token_text="wrong").get_user(), 401))
    check("version", lambda: api.get_version().count(".") == 2)
    check("orgs: the seeded one", lambda: [o["name"] for o in api.requests_get_paginated("/user/orgs")] == ["harbour-works"])
    check("orgs: its repositories", lambda: "crane-control" in [r.name for r in gitea.Organization.request(
        api, "harbour-works").get_repositories()])
    check("repos: unknown is 404", lambda: refused(lambda: gitea.Repository.request(api, "dev", "null"), 404))
    check("repos: another's private one is 404", lambda: refused(
        lambda: gitea.Repository.request(api, "marlow", "secret-cove"), 404))


def repository_checks(api, repo, ready):
    base = f"/repos/{repo.owner.username}/{repo.name}"
    readme = check("files: the first makes the branch", lambda: repo.create_file(
        "README.md", encoded(b"# Made\n"), {"message": "Begin", "branch": "main"}))
    check("files: its blob", lambda: len(readme["content"]["sha"]) == 40)
    check("files: a second of the name is 422", lambda: refused(
        lambda: repo.create_file("README.md", encoded(b"x"), {"message": "Again"}), 422))
    path = "docs/naïve + 100%.md"
    check("files: a name as people write it", lambda: repo.create_file(
        quote(path), encoded(b"one\n"), {"message": "Add", "branch": "main"})["content"]["path"] == path)
    content = check("files: contents", lambda: {c.path: c for c in repo.get_git_content()})
    check("files: the root", lambda: set(content) == {"README.md", "docs"})
    check("files: read", lambda: base64.b64decode(repo.get_file_content(content["README.md"])) == b"# Made\n")
    check("files: update", lambda: repo.change_file(
        "README.md", content["README.md"].sha, encoded(b"# Changed\n"), {"message": "Change"}) is None)
    check("files: a stale sha is 422", lambda: refused(lambda: repo.change_file(
        "README.md", content["README.md"].sha, encoded(b"x"), {"message": "Stale"}), 422))
    check("branches: list", lambda: [b.name for b in repo.get_branches()] == ["main"])
    topic = check("branches: create", lambda: repo.add_branch(repo.get_branches()[0], "topic/one.two"))
    check("branches: a second of the name is 409", lambda: refused(
        lambda: repo.add_branch(repo.get_branches()[0], "topic/one.two"), 409))
    check("branches: its tip", lambda: topic.commit["id"] == repo.get_branches()[0].commit["id"])
    light = check("tags: light", lambda: api.requests_post(base + "/tags", {"tag_name": "v1.0.0", "target": "main"}))
    check("tags: its commit", lambda: light["commit"]["sha"] == topic.commit["id"] == light["id"])
    noted = check("tags: annotated", lambda: api.requests_post(
        base + "/tags", {"tag_name": "release/2.0", "target": "topic/one.two", "message": "Second"}))
    check("tags: its own object", lambda: noted["message"].strip() == "Second" and noted["id"] != noted["commit"]["sha"])
    check("tags: a second of the name is 409", lambda: refused(
        lambda: api.requests_post(base + "/tags", {"tag_name": "v1.0.0"}), 409))
    check("tags: an unknown target is 404", lambda: refused(
        lambda: api.requests_post(base + "/tags", {"tag_name": "v3", "target": "nowhere"}), 404))
    check("tags: delete", lambda: api.requests_delete(base + "/tags/release/2.0") is None)
    check("tags: list", lambda: [t["name"] for t in api.requests_get_paginated(base + "/tags")] == ["v1.0.0"])
    check("tags: gone is 404", lambda: refused(lambda: api.requests_delete(base + "/tags/release/2.0"), 404))
    commits = check("commits: newest first", lambda: repo.get_commits()) or []
    check("commits: messages", lambda: [c.inner_commit["message"].strip() for c in commits] == ["Change", "Add", "Begin"])
    tree = check("tree: recursive, two a page", lambda: [
        api.requests_get(f"{base}/git/trees/{commits[0].sha}", {"recursive": "true", "per_page": 2, "page": page})
        for page in (1, 2)])
    check("tree: every entry", lambda: [e["path"] for page in tree for e in page["tree"]] == ["README.md", "docs", path])
    check("tree: cut off while there is more", lambda: [page["truncated"] for page in tree] == [True, False])
    check("files: delete", lambda: repo.delete_file(quote(path), tree[1]["tree"][0]["sha"], {"message": "Drop"}) is None)
    hook = check("hooks: create", lambda: repo.create_gitea_hook("https://example.com/hook", ["push", "create"]))
    check("hooks: list", lambda: [h["config"]["url"] for h in repo.list_hooks()] == ["https://example.com/hook"])
    check("hooks: its events", lambda: hook["events"] == ["push", "create"] and hook["active"])
    check("hooks: delete", lambda: repo.delete_hook(hook["id"]) is None)
    check("hooks: gone is 404", lambda: refused(lambda: repo.delete_hook(hook["id"]), 404))
    git_checks(api, repo, ready)


def git_checks(api, repo, ready):
    with tempfile.TemporaryDirectory() as folder:
        address = repo.clone_url.replace("://", f"://{ready['login']}:{ready['token']}@")
        work = os.path.join(folder, "work")
        check("git: clone with the token", lambda: git("clone", "--quiet", "-b", "main", address, work))

        def push():
            with open(os.path.join(work, "pushed.txt"), "w", encoding="utf-8") as file:
                file.write("pushed\n")
            git("add", "pushed.txt", cwd=work)
            git("-c", "user.name=Compat", "-c", "user.email=compat@example.com", "commit", "--quiet", "-m", "Push", cwd=work)
            git("push", "--quiet", "origin", "main", cwd=work)

        check("git: push", push)
        check("git: the API sees the push", lambda: "pushed.txt" in [c.path for c in repo.get_git_content()])


def paging_checks(api, ready):
    base = f"/repos/{ready['namespace']}/crowded-quay"
    names = check("paging: all branches", lambda: [b["name"] for b in api.requests_get_paginated(base + "/branches")]) or []
    check("paging: each branch once", lambda: len(names) == len(set(names)) == 251)
    raw = check("paging: headers", lambda: api._requests_get(base + "/branches", {"limit": 100}))
    check("paging: fifty at most, and how many in all", lambda: len(raw.json()) == 50
          and raw.headers["X-Total-Count"] == "251" and 'rel="next"' in raw.headers["Link"])


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["gitea"]
    # Each refusal that is tried here would be a line of its log.
    logging.disable(logging.CRITICAL)
    api = gitea.Gitea(ready["host"], token_text=ready["token"])
    account_checks(api, ready)
    name = f"compat-{uuid.uuid4().hex[:10]}"
    for place, owner in (("user", lambda: api.get_user()), ("organisation", lambda: gitea.Organization.request(
            api, "harbour-works"))):
        made = check(f"{place}: create a repository", lambda: owner().create_repo(name, private=True, autoInit=False))
        if made is None:
            continue
        repo = check(f"{place}: get it", lambda: gitea.Repository.request(api, owner().username, name))
        check(f"{place}: it is private and empty", lambda: repo.private and repo.empty)
        check(f"{place}: an empty one has no commits", lambda: repo.get_commits() == [])
        check(f"{place}: the same name again is 409", lambda: refused(
            lambda: owner().create_repo(name, private=True, autoInit=False), 409))
        repository_checks(api, repo, ready)
        check(f"{place}: delete the repository", lambda: repo.delete() is None)
        check(f"{place}: it is gone", lambda: refused(
            lambda: gitea.Repository.request(api, owner().username, name), 404))
    paging_checks(api, ready)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
