#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Does with PyGithub, against a running sandbox, what its users do with repositories at GitHub.

    python3 scripts/compat-github.py READY.json

READY.json is written by `gatehouse sandbox --ready-file`. Needs the packages PyGithub and, for cloning, git.
Prints one line a check and `N passed, N failed`; the exit status is 1 where one failed.
"""
import json
import os
import subprocess
import sys
import tempfile
import uuid

import github

passed, failed = 0, 0


def check(name, value, detail=""):
    global passed, failed
    if value:
        passed += 1
        print(f"ok    {name}")
    else:
        failed += 1
        print(f"FAIL  {name} {detail}")
    return value


def attempt(name, action):
    """Counts as a check that `action` raises nothing; gives its value, None where it raised."""
    try:
        value = action()
    except Exception as error:  # noqa: BLE001: whatever a client raises is a failed check
        check(name, False, f"{type(error).__name__}: {str(error)[:300]}")
        return None
    check(name, True)
    return value


def refused(name, status, action):
    try:
        action()
    except github.GithubException as error:
        return check(name, error.status == status, f"status {error.status}: {error.data}")
    except Exception as error:  # noqa: BLE001
        return check(name, False, f"{type(error).__name__}: {error}")
    return check(name, False, "was accepted")


def git(*arguments, directory=None):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0",
                   "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Octavia", "GIT_AUTHOR_EMAIL": "o@example.com",
                   "GIT_COMMITTER_NAME": "Octavia", "GIT_COMMITTER_EMAIL": "o@example.com"}
    return subprocess.run(["git", *arguments], cwd=directory, env=environment, check=True, timeout=60,
                          capture_output=True, text=True).stdout


def client(forge, token):
    return github.Github(base_url=forge["host"] + "/api/v3", auth=github.Auth.Token(token), retry=None,
                         seconds_between_requests=None, seconds_between_writes=None)


def accounts(hub, forge):
    user = attempt("current user", hub.get_user)
    check("the user's login", user and user.login == forge["login"], user)
    check("the token's scopes are told", hub.oauth_scopes and "repo" in hub.oauth_scopes, hub.oauth_scopes)
    orgs = attempt("organisations", lambda: list(user.get_orgs()))
    check("an organisation is listed", orgs, orgs)
    attempt("an organisation alone", lambda: hub.get_organization(orgs[0].login).name)
    attempt("memberships", lambda: list(user.get_organization_memberships()))
    names = attempt("repositories", lambda: [r.full_name for r in user.get_repos()])
    check("the seeded repository is listed", f"{forge['namespace']}/{forge['project']}" in (names or []), names)
    attempt("repositories of the organisation", lambda: list(orgs[0].get_repos()))
    attempt("rate limit", lambda: hub.get_rate_limit().resources.core.remaining)
    refused("a wrong token is refused", 401, lambda: client(forge, "wrong").get_user().login)
    refused("an unknown repository is not found", 404, lambda: hub.get_repo(f"{forge['login']}/nowhere"))
    return user


def reading(repo):
    branches = attempt("branches", lambda: [b.name for b in repo.get_branches()])
    check("main and a slash branch", {"main", "feature/one"} <= set(branches or []), branches)
    attempt("a slash branch alone", lambda: repo.get_branch("feature/one").commit.sha)
    refused("an unknown branch is not found", 404, lambda: repo.get_branch("nowhere"))
    tags = attempt("tags", lambda: {t.name: t.commit.sha for t in repo.get_tags()})
    check("annotated, lightweight and slash tag", {"v1.0.0", "v0.9.0", "release/2024-01"} <= set(tags or {}), tags)
    ref = attempt("an annotated tag's ref", lambda: repo.get_git_ref("tags/v1.0.0"))
    tag = attempt("an annotated tag's object", lambda: repo.get_git_tag(ref.object.sha))
    check("it points to the commit", tag and tag.object.sha == tags["v1.0.0"])
    commits = attempt("commits", lambda: list(repo.get_commits()))
    check("at least twelve commits", len(commits or []) >= 12)
    said = next((c for c in commits or [] if c.commit.message == "Say more in the readme"), None)
    one = attempt("a commit alone", lambda: repo.get_commit(said.sha))
    check("its files", one and [f.filename for f in one.files] == ["README.md"])
    attempt("commits of a path", lambda: list(repo.get_commits(path="src/main/pilot.txt")))
    tree = attempt("recursive tree", lambda: repo.get_git_tree("main", recursive=True))
    paths = {entry.path: entry.mode for entry in tree.tree} if tree else {}
    check("tree with an executable and a link", paths.get("bin/moor.sh") == "100755"
          and paths.get("docs/index.md") == "120000", paths)
    readme = attempt("a file", lambda: repo.get_contents("README.md"))
    check("its content", readme and readme.decoded_content.startswith(b"# Harbour"))
    attempt("the readme", lambda: repo.get_readme().decoded_content)
    strange = attempt("a file with a strange name", lambda: repo.get_contents("docs/with space/ünï cödé 港.txt"))
    check("its content in UTF-8", strange and strange.decoded_content.decode() == "grüße\n")
    attempt("another one", lambda: repo.get_contents("docs/with space/100% & more #1+?.txt").decoded_content)
    listing = attempt("a directory", lambda: repo.get_contents("docs"))
    check("its entries", isinstance(listing, list) and len(listing) >= 3)
    link = attempt("a link to a directory", lambda: repo.get_contents("docs/pilot"))
    check("its target", link and link.type == "symlink" and link.target == "../src")
    binary = attempt("a binary file", lambda: repo.get_contents("data/bytes.bin").decoded_content)
    check("all its bytes", binary == bytes(range(256)) * 4)
    refused("an unknown file is not found", 404, lambda: repo.get_contents("nowhere.txt"))


def writing(repo):
    mark = uuid.uuid4().hex[:8]
    path = f"docs/ünï code/{mark}.txt"
    made = attempt("create a file", lambda: repo.create_file(path, "add", b"one\n", branch="main"))
    check("the answer names file and commit", made and made["content"].path == path and made["commit"].sha)
    refused("creating it again is refused", 422, lambda: repo.create_file(path, "again", b"two\n", branch="main"))
    update = attempt("update it", lambda: repo.update_file(path, "change", bytes(range(256)), made["content"].sha))
    check("it reads back", repo.get_contents(path).decoded_content == bytes(range(256)))
    refused("a stale update is refused", 409, lambda: repo.update_file(path, "lost", b"x", made["content"].sha))
    attempt("delete it", lambda: repo.delete_file(path, "remove", update["content"].sha))
    refused("it is gone", 404, lambda: repo.get_contents(path))
    refused("writing to an unknown branch", 404, lambda: repo.create_file("x", "x", "x", branch="nowhere"))

    head = repo.get_branch("main").commit.sha
    ref = attempt("create a branch", lambda: repo.create_git_ref(f"refs/heads/made/{mark}", head))
    refused("creating it again is refused", 422, lambda: repo.create_git_ref(f"refs/heads/made/{mark}", head))
    attempt("commit on it", lambda: repo.create_file("made.txt", "made", "made", branch=f"made/{mark}"))
    attempt("delete it", ref.delete)
    attempt("a lightweight tag", lambda: repo.create_git_ref(f"refs/tags/light-{mark}", head))
    tag = attempt("a tag object", lambda: repo.create_git_tag(f"heavy-{mark}", "A release", head, "commit"))
    attempt("its ref", lambda: repo.create_git_ref(f"refs/tags/heavy-{mark}", tag.sha))
    names = {t.name: t.commit.sha for t in repo.get_tags()}
    check("both tags point to the commit", names.get(f"light-{mark}") == names.get(f"heavy-{mark}") == head, names)
    attempt("delete a tag", lambda: repo.get_git_ref(f"tags/heavy-{mark}").delete())
    check("it is gone", f"heavy-{mark}" not in [t.name for t in repo.get_tags()])

    base = repo.get_git_tree("main")
    element = github.InputGitTreeElement("many/one.txt", "100644", "blob", content="one\n")
    tree = attempt("a tree", lambda: repo.create_git_tree([element], base))
    commit = attempt("a commit object", lambda: repo.create_git_commit("many files", tree, [repo.get_git_commit(head)]))
    attempt("move the branch", lambda: repo.get_git_ref("heads/main").edit(commit.sha))
    check("the branch has moved", repo.get_branch("main").commit.sha == commit.sha)
    blob = attempt("a blob", lambda: repo.create_git_blob("aGk=", "base64"))
    check("it reads back", blob and repo.get_git_blob(blob.sha).size == 2)


def hooks(repo):
    url = f"https://example.com/{uuid.uuid4().hex}"
    config = {"url": url, "content_type": "json", "secret": "a-long-secret"}
    hook = attempt("create a hook", lambda: repo.create_hook("web", config, ["push", "create"], active=True))
    check("its secret is hidden", hook and hook.config.get("secret") == "********", hook and hook.config)
    refused("a second one is refused", 422, lambda: repo.create_hook("web", config, ["push"]))
    check("it is listed", url in [h.config["url"] for h in repo.get_hooks()])
    attempt("change it", lambda: hook.edit("web", config, events=["push"], active=False))
    attempt("ping it", hook.ping)
    attempt("delete it", hook.delete)
    check("it is gone", url not in [h.config.get("url") for h in repo.get_hooks()])


def made(hub, user, forge):
    name = f"made-{uuid.uuid4().hex[:8]}"
    repo = attempt("create a repository", lambda: user.create_repo(name, private=True, description="Made"))
    refused("its name is taken", 422, lambda: user.create_repo(name))
    check("it has no branches", list(repo.get_branches()) == [])
    refused("it has no commits", 409, lambda: list(repo.get_commits()))
    attempt("its first file", lambda: repo.create_file("README.md", "first", "# Made\n"))
    check("it has a branch", [b.name for b in repo.get_branches()] == ["main"])
    attempt("rename it", lambda: repo.edit(name=name + "-renamed"))
    check("the old name leads on", hub.get_repo(f"{forge['login']}/{name}").name == name + "-renamed")
    with tempfile.TemporaryDirectory() as folder:
        host = forge["host"].split("//")[1]
        address = f"http://octavia:{forge['token']}@{host}/{repo.full_name}.git"
        attempt("clone it", lambda: git("clone", "--quiet", address, folder + "/clone"))
        with open(folder + "/clone/pushed.txt", "w", encoding="utf-8") as file:
            file.write("pushed\n")
        git("add", ".", directory=folder + "/clone")
        git("commit", "--quiet", "-m", "push", directory=folder + "/clone")
        attempt("push to it", lambda: git("push", "--quiet", "origin", "HEAD:main", directory=folder + "/clone"))
        attempt("the clone is whole", lambda: git("fsck", "--strict", directory=folder + "/clone"))
    check("the push is there", repo.get_contents("pushed.txt").decoded_content == b"pushed\n")
    attempt("delete it", repo.delete)
    refused("it is gone", 404, lambda: hub.get_repo(repo.full_name))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        forge = json.load(file)["forges"]["github"]
    hub = client(forge, forge["token"])
    user = accounts(hub, forge)
    repo = attempt("the seeded repository", lambda: hub.get_repo(f"{forge['namespace']}/{forge['project']}"))
    reading(repo)
    writing(repo)
    hooks(repo)
    made(hub, user, forge)
    crowded = hub.get_repo(f"{forge['namespace']}/crowded-quay")
    check("all 251 branches, page by page", len([b.name for b in crowded.get_branches()]) == 251)
    check("all 250 tags, page by page", len([t.name for t in crowded.get_tags()]) == 250)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
