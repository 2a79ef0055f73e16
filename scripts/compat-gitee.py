#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated Gitee with gitee-client, a Python client generated from Gitee's own description, and git.

    pip install gitee-client
    scripts/compat-gitee.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

The client sends the token as a parameter and bodies as forms. Three of its methods cannot work anywhere: that which
reads a file leaves the description's parentheses in the address, those which make or change a webhook send the call's
own path for the webhook's address, and that which lists all commits names a parameter twice. For these the client's own
request method is used, or another one of its lists.

Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import uuid
from urllib.parse import quote

from gitee_client import GiteeAPIError, GiteeClient

from checks import check, finish


def refused(work, status):
    """True when `work` is refused with exactly this status."""
    try:
        work()
    except GiteeAPIError as error:
        if error.status_code != status:
            raise AssertionError(f"status {error.status_code}, expected {status}: {error}") from error
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


def read(api, owner, repo, path, ref=None):
    return api._request("GET", f"/v5/repos/{owner}/{repo}/contents/{quote(path)}", params={"ref": ref} if ref else None)


def account_checks(api, ready):
    check("user: the token's own account", lambda: api.users.list_user()["login"] == ready["login"])
    check("user: another one", lambda: api.users.get_users("marlow")["login"] == "marlow")
    check("user: a wrong token is 401", lambda: refused(
        lambda: GiteeClient("wrong", base_url=ready["host"] + "/api").users.list_user(), 401))
    check("user: nobody is 404", lambda: refused(lambda: api.users.get_users("nobody-of-this-name"), 404))
    organizations = check("orgs: all", lambda: list(api.organizations.list_user_orgs_all())) or []
    check("orgs: the seeded one", lambda: "harbour-works" in [o["login"] for o in organizations])
    check("orgs: one", lambda: api.organizations.get_orgs("harbour-works")["login"] == "harbour-works")
    check("enterprises: the seeded one", lambda: [
        e["path"] for e in api.enterprises.list_user_enterprises()] == ["silk-road"])
    spaces = check("namespaces: all kinds", lambda: api.users.list_user_namespaces(mode="all")) or []
    check("namespaces: kinds", lambda: {s["type"] for s in spaces} == {"personal", "group", "enterprise"})
    check("namespaces: one", lambda: api.users.list_user_namespace(path="harbour-works")["type"] == "group")


def repository_checks(api, ready):
    seeded = check("repos: get", lambda: api.repos.get_repos(owner=ready["namespace"], repo=ready["project"]))
    check("repos: the clone address has no credential", lambda: "@" not in seeded["html_url"])
    check("repos: unknown is 404", lambda: refused(lambda: api.repos.get_repos(owner="dev", repo="null"), 404))
    check("repos: another's private one is 404", lambda: refused(
        lambda: api.repos.get_repos(owner="marlow", repo="secret-cove"), 404))
    own = check("repos: own, all pages", lambda: [
        r["path"] for r in api.repos.list_user_repos_all(type="personal", per_page=2)]) or []
    check("repos: own holds the seeded one once", lambda: own.count(ready["project"]) == 1)
    check("repos: type with affiliation is 422", lambda: refused(
        lambda: api.repos.list_user_repos(type="owner", affiliation="owner"), 422))
    check("repos: of an organisation", lambda: [
        r["path"] for r in api.repos.list_orgs_repos_all("harbour-works")] == ["crane-control"])
    check("repos: of an enterprise", lambda: [
        r["path"] for r in api.repos.list_enterprises_repos_all("silk-road")] == ["caravan"])
    check("repos: public ones of a user", lambda: [
        r["path"] for r in api.repos.list_users_repos(ready["login"])] == ["open-water"])


def reference_checks(api, owner, repo):
    base = {"owner": owner, "repo": repo}
    check("branches: create", lambda: api.repos.create_repos_branches(branch_name="topic/one.two", refs="main", **base))
    check("branches: a second of the name is 400", lambda: refused(
        lambda: api.repos.create_repos_branches(branch_name="topic/one.two", refs="main", **base), 400))
    check("branches: list", lambda: [
        b["name"] for b in api.repos.list_repos_branches_all(**base)] == ["main", "topic/one.two"])
    check("branches: get by a name with a slash", lambda: api.repos.get_repos_branches(
        branch=quote("topic/one.two", safe=""), **base)["name"] == "topic/one.two")
    check("branches: unknown is 404", lambda: refused(lambda: api.repos.get_repos_branches(branch="no", **base), 404))
    light = check("tags: light", lambda: api.repos.create_repos_tags(refs="main", tag_name="v1.0.0", **base))
    check("tags: a light one has no message", lambda: light["message"] == "")
    noted = check("tags: with a message", lambda: api.repos.create_repos_tags(
        refs="topic/one.two", tag_name="release/2.0", tag_message="第二", **base))
    check("tags: the message is kept", lambda: noted["message"] == "第二" and len(noted["commit"]["sha"]) == 40)
    check("tags: a second of the name is 400", lambda: refused(
        lambda: api.repos.create_repos_tags(refs="main", tag_name="v1.0.0", **base), 400))
    check("tags: an unknown start is 400", lambda: refused(
        lambda: api.repos.create_repos_tags(refs="nowhere", tag_name="v9", **base), 400))
    check("tags: list", lambda: [
        t["name"] for t in api.repos.list_repos_tags_all(**base)] == ["release/2.0", "v1.0.0"])


def file_checks(api, owner, repo):
    base = {"owner": owner, "repo": repo}
    path = "docs/naïve 计划 + 100%.md"
    made = check("files: create", lambda: api.repos.create_repos_contents(
        content=encoded(b"one\n"), message="Add a plan", path=quote(path), branch="main", **base))
    check("files: created at its path", lambda: made["content"]["path"] == path)
    check("files: a second of the name is 400", lambda: refused(lambda: api.repos.create_repos_contents(
        content=encoded(b"two\n"), message="Again", path=quote(path), branch="main", **base), 400))
    found = check("files: read", lambda: read(api, owner, repo, path, "main"))
    check("files: content", lambda: base64.b64decode(found["content"]) == b"one\n" and found["path"] == path)
    check("files: update", lambda: api.repos.update_repos_contents(
        content=encoded(b"two\n"), message="Change it", path=quote(path), sha=found["sha"], branch="main", **base))
    check("files: updated", lambda: base64.b64decode(read(api, owner, repo, path)["content"]) == b"two\n")
    check("files: a stale sha is 400", lambda: refused(lambda: api.repos.update_repos_contents(
        content=encoded(b"three\n"), message="Stale", path=quote(path), sha=found["sha"], branch="main", **base), 400))
    every = bytes(range(256)) * 4097
    blob = check("files: bytes over a megabyte", lambda: api.repos.create_repos_contents(
        content=encoded(every), message="Add bytes", path="bytes.bin", branch="main",
        author={"author_name": "Ada", "author_email": "ada@example.com"}, **base))
    check("files: the author is the named one", lambda: blob["commit"]["author"]["name"] == "Ada")
    check("files: bytes come back", lambda: base64.b64decode(read(api, owner, repo, "bytes.bin")["content"]) == every)
    check("blobs: the same bytes", lambda: base64.b64decode(
        api.git_data.get_repos_git_blobs(sha=blob["content"]["sha"], **base)["content"]) == every)
    tree = check("tree: recursive", lambda: api.git_data.get_repos_git_trees(sha="main", recursive=1, **base))
    check("tree: every file", lambda: [e["path"] for e in tree["tree"] if e["type"] == "blob"]
          == ["README.md", "bytes.bin", path])
    check("tree: a directory's mode has no zero before it", lambda: {
        e["mode"] for e in tree["tree"] if e["type"] == "tree"} == {"40000"})
    current = read(api, owner, repo, path)["sha"]
    check("files: delete", lambda: api.repos.delete_repos_contents(
        message="Drop it", path=quote(path), sha=current, branch="main", **base)["content"] is None)
    check("files: what is gone is an empty list", lambda: read(api, owner, repo, path) == [])
    commits = check("commits: newest first", lambda: api.repos.list_repos_commits(sha="main", per_page=100, **base)) or []
    check("commits: messages", lambda: [c["commit"]["message"].strip() for c in commits]
          == ["Drop it", "Add bytes", "Change it", "Add a plan", "Begin"])
    check("commits: one with its files", lambda: [f["filename"] for f in api.repos.get_repos_commits(
        sha=commits[1]["sha"], **base)["files"]] == ["bytes.bin"])
    check("commits: an unknown ref is 404", lambda: refused(
        lambda: api.repos.list_repos_commits(sha="nowhere", **base), 404))


def hook_checks(api, owner, repo):
    base = {"owner": owner, "repo": repo}
    hooks = f"/v5/repos/{owner}/{repo}/hooks"
    made = check("hooks: create", lambda: api.webhooks._post(hooks, data={
        "url": "https://example.com/hook", "encryption_type": 1, "password": "seal", "push_events": True,
        "tag_push_events": True, "issues_events": False, "note_events": False, "merge_requests_events": False}))
    check("hooks: its events", lambda: made["push_events"] and made["tag_push_events"] and not made["note_events"])
    check("hooks: list", lambda: [h["id"] for h in api.webhooks.list_repos_hooks_all(**base)] == [made["id"]])
    check("hooks: update", lambda: api.webhooks._patch(f"{hooks}/{made['id']}", data={
        "url": "https://example.com/else", "tag_push_events": False})["tag_push_events"] is False)
    check("hooks: get", lambda: api.webhooks.get_repos_hooks(id=made["id"], **base)["url"] == "https://example.com/else")
    check("hooks: a malformed address is 400", lambda: refused(
        lambda: api.webhooks._post(hooks, data={"url": "gopher:hole"}), 400))
    check("hooks: delete", lambda: api.webhooks.delete_repos_hooks(id=made["id"], **base) is None)
    check("hooks: gone is 404", lambda: refused(lambda: api.webhooks.get_repos_hooks(id=made["id"], **base), 404))


def git_checks(api, owner, repo, ready):
    with tempfile.TemporaryDirectory() as folder:
        plain = api.repos.get_repos(owner=owner, repo=repo)["html_url"]
        address = plain.replace("://", f"://oauth2:{ready['token']}@")
        work = os.path.join(folder, "work")
        check("git: clone with the token", lambda: git("clone", "--quiet", "-b", "main", address, work))

        def push():
            with open(os.path.join(work, "pushed.txt"), "w", encoding="utf-8") as file:
                file.write("pushed\n")
            git("add", "pushed.txt", cwd=work)
            git("-c", "user.name=Compat", "-c", "user.email=compat@example.com", "commit", "--quiet", "-m", "Push", cwd=work)
            git("push", "--quiet", "origin", "main", cwd=work)

        check("git: push", push)
        check("git: the API sees the push", lambda: base64.b64decode(
            read(api, owner, repo, "pushed.txt", "main")["content"]) == b"pushed\n")
        check("git: a push deletes a tag, as no call does", lambda: git(
            "push", "--quiet", "origin", ":refs/tags/release/2.0", cwd=work))
        check("git: the tag is gone", lambda: [
            t["name"] for t in api.repos.list_repos_tags_all(owner=owner, repo=repo)] == ["v1.0.0"])
        wrong = plain.replace("://", "://oauth2:wrong@")

        def clone_with_wrong_token():
            try:
                git("clone", "--quiet", wrong, os.path.join(folder, "no"))
            except AssertionError:
                return True
            return False

        check("git: a wrong token does not clone", clone_with_wrong_token)


def paging_checks(api, ready):
    base = {"owner": ready["namespace"], "repo": "crowded-quay"}
    names = check("paging: all branches", lambda: [b["name"] for b in api.repos.list_repos_branches_all(**base)]) or []
    check("paging: each branch once", lambda: len(names) == len(set(names)) == 251)
    tags = check("paging: all tags", lambda: [t["name"] for t in api.repos.list_repos_tags_all(per_page=30, **base)]) or []
    check("paging: each tag once", lambda: len(tags) == len(set(tags)) == 250)
    raw = check("paging: headers", lambda: api._request(
        "GET", "/v5/repos/{owner}/{repo}/tags".format(**base), params={"per_page": 100}, raw_response=True))
    check("paging: total_page and total_count", lambda: (
        raw.headers["total_page"], raw.headers["total_count"]) == ("3", "250"))


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["gitee"]
    api = GiteeClient(ready["token"], base_url=ready["host"] + "/api")
    account_checks(api, ready)
    repository_checks(api, ready)
    name = f"compat-{uuid.uuid4().hex[:10]}"
    makers = [
        ("user", ready["namespace"], lambda: api.repos.create_user_repos(name=name, path=name, private=True)),
        ("organisation", "harbour-works", lambda: api.repos.create_orgs_repos(
            name=name, org="harbour-works", path=name, private=True)),
        ("enterprise", "silk-road", lambda: api.repos.create_enterprises_repos(
            enterprise="silk-road", name=name, path=name, private=0)),
    ]
    for place, owner, make in makers:
        made = check(f"{place}: create a repository", make)
        if made is None:
            continue
        check(f"{place}: it is private and empty", lambda: made["private"] and made["empty_repo"])
        check(f"{place}: the same name again is 400", lambda: refused(make, 400))
        check(f"{place}: the first file", lambda: api.repos.create_repos_contents(
            content=encoded(b"# Made\n"), message="Begin", owner=owner, path="README.md", repo=name, branch="main"))
        reference_checks(api, owner, name)
        file_checks(api, owner, name)
        hook_checks(api, owner, name)
        git_checks(api, owner, name, ready)
        check(f"{place}: delete the repository", lambda: api.repos.delete_repos(owner=owner, repo=name) is None)
        check(f"{place}: it is gone", lambda: refused(lambda: api.repos.get_repos(owner=owner, repo=name), 404))
    paging_checks(api, ready)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
