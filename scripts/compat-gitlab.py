#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated GitLab with python-gitlab, GitLab's well-known Python client, and with git.

    pip install python-gitlab
    scripts/compat-gitlab.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import uuid

import gitlab

from checks import check, finish


def refused(work, status):
    """True when `work` is refused with exactly this status."""
    try:
        work()
    except gitlab.exceptions.GitlabError as error:
        if error.response_code != status:
            raise AssertionError(f"status {error.response_code}, expected {status}: {error}") from error
        return True
    raise AssertionError(f"succeeded, expected {status}")


def git(*arguments, cwd=None):
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def account_checks(api, ready):
    check("user: the token's own account", lambda: api.user.username == ready["login"])
    check("user: a wrong token is 401", lambda: refused(
        lambda: gitlab.Gitlab(ready["host"], private_token="glpat-wrong").auth(), 401))
    check("users: by name", lambda: api.users.list(username=ready["login"])[0].username == ready["login"])
    check("users: by name, nobody", lambda: api.users.list(username="nobody-of-this-name") == [])
    check("token: itself", lambda: "api" in api.personal_access_tokens.get("self").scopes)
    check("version", lambda: api.version()[0] != "unknown")


def namespace_checks(api, ready):
    listed = check("namespaces: all", lambda: {n.full_path: n for n in api.namespaces.list(get_all=True)}) or {}
    check("namespaces: user and group kinds", lambda: {n.kind for n in listed.values()} == {"user", "group"})
    check("namespaces: the deepest subgroup", lambda: "fleet/north/quay" in listed)
    check("namespaces: by path", lambda: api.namespaces.get("fleet/north").full_path == "fleet/north")
    check("namespaces: by search", lambda: "fleet/north/quay" in [
        n.full_path for n in api.namespaces.list(search="quay", get_all=True)])
    groups = check("groups: all", lambda: api.groups.list(get_all=True)) or []
    check("groups: paths", lambda: {"fleet", "fleet/north", "fleet/north/quay"} <= {g.full_path for g in groups})
    group = check("groups: by path", lambda: api.groups.get("fleet", with_projects=False))
    if group is None:
        return
    check("groups: subgroups", lambda: [g.full_path for g in group.subgroups.list(get_all=True)] == ["fleet/north"])
    direct = check("groups: projects directly in it", lambda: group.projects.list(get_all=True)) or []
    deep = check("groups: projects with subgroups", lambda: group.projects.list(
        get_all=True, include_subgroups=True, with_shared=False)) or []
    check("groups: subgroups add projects", lambda: len(deep) > len(direct) > 0)
    check("groups: unknown is 404", lambda: refused(lambda: api.groups.get("no-such-group"), 404))


def project_checks(api, ready):
    seeded = check("projects: by path", lambda: api.projects.get(f"{ready['namespace']}/{ready['project']}"))
    check("projects: by id", lambda: api.projects.get(seeded.id).path == ready["project"])
    check("projects: clone address names no credential", lambda: "@" not in seeded.http_url_to_repo)
    check("projects: unknown is 404", lambda: refused(lambda: api.projects.get("no-such/project"), 404))
    owned = check("projects: owned", lambda: api.projects.list(owned=True, get_all=True)) or []
    check("projects: membership", lambda: seeded.id in [
        p.id for p in api.projects.list(membership=True, get_all=True)])
    keyset = check("projects: keyset paging, two a page", lambda: [
        p.id for p in api.projects.list(
            pagination="keyset", order_by="id", sort="asc", per_page=2, owned=True, iterator=True)]) or []
    check("projects: keyset paging finds each once, in order", lambda: keyset == sorted(p.id for p in owned))
    check("projects: of a user", lambda: seeded.id in [
        p.id for p in api.users.get(api.user.id).projects.list(get_all=True)])
    return seeded


def branch_and_tag_checks(project):
    check("branches: an empty repository makes its first commit", lambda: project.files.create({
        "file_path": "README.md", "branch": "main", "content": "# Made\n", "commit_message": "Begin"}))
    check("branches: create", lambda: project.branches.create({"branch": "topic/one.two", "ref": "main"}))
    check("branches: get by a name with a slash", lambda: project.branches.get("topic/one.two").name == "topic/one.two")
    check("branches: a second of the name is 400", lambda: refused(
        lambda: project.branches.create({"branch": "topic/one.two", "ref": "main"}), 400))
    check("branches: list", lambda: [b.name for b in project.branches.list(get_all=True)] == ["main", "topic/one.two"])
    check("branches: delete", lambda: project.branches.delete("topic/one.two"))
    check("branches: gone", lambda: refused(lambda: project.branches.get("topic/one.two"), 404))
    light = check("tags: lightweight", lambda: project.tags.create({"tag_name": "v1.0.0", "ref": "main"}))
    check("tags: lightweight has no message", lambda: not light.message and light.target == light.commit["id"])
    noted = check("tags: annotated", lambda: project.tags.create(
        {"tag_name": "release/2.0", "ref": "main", "message": "Second"}))
    check("tags: annotated has its own object", lambda: noted.message == "Second" and noted.target != noted.commit["id"])
    check("tags: get by a name with a slash", lambda: project.tags.get("release/2.0").name == "release/2.0")
    check("tags: a second of the name is 400", lambda: refused(
        lambda: project.tags.create({"tag_name": "v1.0.0", "ref": "main"}), 400))
    check("tags: an unknown ref is 400", lambda: refused(
        lambda: project.tags.create({"tag_name": "v3", "ref": "nowhere"}), 400))
    check("tags: delete", lambda: project.tags.delete("release/2.0"))
    check("tags: list", lambda: [t.name for t in project.tags.list(get_all=True)] == ["v1.0.0"])
    check("tags: unknown is 404", lambda: refused(lambda: project.tags.get("release/2.0"), 404))


def file_checks(project):
    path = "docs/naïve plan + 100%#1?.md"
    check("files: create", lambda: project.files.create(
        {"file_path": path, "branch": "main", "content": "one\n", "commit_message": "Add a plan"}))
    check("files: a second of the name is 400", lambda: refused(lambda: project.files.create(
        {"file_path": path, "branch": "main", "content": "two\n", "commit_message": "Again"}), 400))
    read = check("files: read", lambda: project.files.get(file_path=path, ref="main"))
    check("files: content", lambda: base64.b64decode(read.content) == b"one\n" and read.file_path == path)
    check("files: headers only", lambda: project.files.head(path, ref="main")["x-gitlab-size"] == "4")
    check("files: raw", lambda: project.files.raw(file_path=path, ref="main") == b"one\n")

    stale = read.last_commit_id

    def update():
        read.content = "two\n"
        read.save(branch="main", commit_message="Change the plan")

    check("files: update", update)
    check("files: updated", lambda: project.files.get(file_path=path, ref="main").decode() == b"two\n")
    check("files: a stale last_commit_id is 400", lambda: refused(lambda: project.files.update(
        file_path=path, new_data={"branch": "main", "content": "three\n", "commit_message": "Stale",
                                  "last_commit_id": stale}), 400))
    binary = bytes(range(256))
    check("files: bytes in base64", lambda: project.files.create(
        {"file_path": "bytes.bin", "branch": "main", "encoding": "base64", "commit_message": "Add bytes",
         "content": base64.b64encode(binary).decode()}))
    check("files: bytes come back", lambda: project.files.get(file_path="bytes.bin", ref="main").decode() == binary)
    blob = project.files.get(file_path="bytes.bin", ref="main").blob_id
    check("blobs: raw", lambda: project.repository_raw_blob(blob) == binary)
    check("blobs: base64", lambda: base64.b64decode(project.repository_blob(blob)["content"]) == binary)
    check("files: delete", lambda: project.files.delete(file_path=path, branch="main", commit_message="Drop the plan"))
    check("files: gone is 404", lambda: refused(lambda: project.files.get(file_path=path, ref="main"), 404))
    check("files: an unknown ref is 404", lambda: refused(lambda: project.files.get(file_path="README.md", ref="no"), 404))


def commit_checks(project):
    made = check("commits: many files at once", lambda: project.commits.create({
        "branch": "main", "commit_message": "Add many",
        "actions": [{"action": "create", "file_path": f"many/dir-{n % 7}/file-{n:03}.txt", "content": f"{n}\n"}
                    for n in range(120)]}))
    check("commits: its counts", lambda: made.stats["additions"] == 120)
    check("commits: get", lambda: project.commits.get(made.id).message == "Add many")
    check("commits: newest first", lambda: project.commits.list(ref_name="main", get_all=False)[0].id == made.id)
    check("commits: by a tag", lambda: len(project.commits.list(ref_name="v1.0.0", get_all=True)) == 1)
    tree = check("tree: recursive, offset paging", lambda: project.repository_tree(recursive=True, get_all=True)) or []
    check("tree: every file", lambda: len([e for e in tree if e["type"] == "blob"]) == 122)
    keyset = check("tree: recursive, keyset paging", lambda: list(project.repository_tree(
        recursive=True, pagination="keyset", per_page=10, iterator=True))) or []
    check("tree: both pagings agree", lambda: [e["path"] for e in tree] == [e["path"] for e in keyset])
    check("tree: one level", lambda: [e["name"] for e in project.repository_tree(path="many", get_all=True)]
          == [f"dir-{n}" for n in range(7)])


def hook_checks(project):
    made = check("hooks: create", lambda: project.hooks.create({
        "url": "https://example.com/hook", "push_events": True, "tag_push_events": True, "token": "seal"}))
    check("hooks: the token is not told", lambda: "seal" not in json.dumps(made.attributes))
    check("hooks: list", lambda: [h.id for h in project.hooks.list(get_all=True)] == [made.id])

    def update():
        made.tag_push_events = False
        made.save()

    check("hooks: update", update)
    check("hooks: updated", lambda: project.hooks.get(made.id).tag_push_events is False)
    check("hooks: a malformed address is 422", lambda: refused(lambda: project.hooks.create({"url": "gopher:hole"}), 422))
    check("hooks: delete", lambda: project.hooks.delete(made.id))
    check("hooks: gone is 404", lambda: refused(lambda: project.hooks.get(made.id), 404))


def paging_checks(api, ready):
    many = check("paging: a project with 250 branches", lambda: next(
        p for p in api.projects.list(owned=True, iterator=True)
        if not p.empty_repo and p.path != ready["project"] and
        int(p.branches.list(per_page=1, iterator=True).total or 0) >= 250))
    if many is None:
        return
    names = check("paging: an iterator over all branches", lambda: [
        b.name for b in many.branches.list(iterator=True, per_page=100)]) or []
    check("paging: each branch once", lambda: len(names) == len(set(names)) >= 250)
    keyset = check("paging: keyset over all branches", lambda: [
        b.name for b in many.branches.list(iterator=True, per_page=50, pagination="keyset")]) or []
    check("paging: both pagings agree", lambda: names == keyset)
    tags = check("paging: an iterator over all tags", lambda: [t.name for t in many.tags.list(iterator=True)]) or []
    check("paging: each tag once", lambda: len(tags) == len(set(tags)) >= 250)


def git_checks(project, ready):
    with tempfile.TemporaryDirectory() as folder:
        address = project.http_url_to_repo.replace("://", f"://oauth2:{ready['token']}@")
        work = os.path.join(folder, "work")
        check("git: clone with the token", lambda: git("clone", "--quiet", address, work))
        check("git: the files are there", lambda: os.path.exists(os.path.join(work, "bytes.bin")))

        def push():
            with open(os.path.join(work, "pushed.txt"), "w", encoding="utf-8") as file:
                file.write("pushed\n")
            git("add", "pushed.txt", cwd=work)
            git("-c", "user.name=Compat", "-c", "user.email=compat@example.com", "commit", "--quiet", "-m", "Push", cwd=work)
            git("push", "--quiet", "origin", "main", cwd=work)

        check("git: push", push)
        check("git: the API sees the push", lambda: project.files.get(
            file_path="pushed.txt", ref="main").decode() == b"pushed\n")
        wrong = project.http_url_to_repo.replace("://", "://oauth2:glpat-wrong@")

        def clone_with_wrong_token():
            try:
                git("clone", "--quiet", wrong, os.path.join(folder, "no"))
            except AssertionError:
                return True
            return False

        check("git: a wrong token does not clone", clone_with_wrong_token)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["gitlab"]
    api = gitlab.Gitlab(ready["host"], private_token=ready["token"], retry_transient_errors=False)
    check("authenticate", api.auth)
    account_checks(api, ready)
    namespace_checks(api, ready)
    project_checks(api, ready)
    for place, namespace in (("user", None), ("subgroup", "fleet/north/quay")):
        name = f"compat-{uuid.uuid4().hex[:10]}"
        draft = {"name": name}
        if namespace is not None:
            draft["namespace_id"] = api.namespaces.get(namespace).id
        project = check(f"{place}: create a project", lambda: api.projects.create(draft))
        if project is None:
            continue
        check(f"{place}: it is private and empty", lambda: project.visibility == "private" and project.empty_repo)
        check(f"{place}: the same name again is 400", lambda: refused(lambda: api.projects.create(draft), 400))
        branch_and_tag_checks(project)
        file_checks(project)
        commit_checks(project)
        hook_checks(project)
        git_checks(project, ready)
        check(f"{place}: delete the project", project.delete)
        check(f"{place}: it is gone", lambda: refused(lambda: api.projects.get(project.id), 404))
    paging_checks(api, ready)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
