#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the sandbox's emulated CodeArts Repo with huaweicloudsdkcodeartsrepo, Huawei's own Python client, and with git.

    pip install huaweicloudsdkcodeartsrepo
    scripts/compat-codearts.py READY.json      (the file that `gatehouse sandbox --ready-file` wrote)

The client signs its requests by default; here it sends the token that the emulated IAM gives for a password.
Prints one line a check and `N passed, N failed`; exits 1 when a check failed.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import uuid

from huaweicloudsdkcodeartsrepo import v3, v4
from huaweicloudsdkcore.auth import credentials
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from huaweicloudsdkcore.signer.signer import Signer

from checks import check, finish


def refused(work, status):
    """True when `work` is refused with exactly this status and a code."""
    try:
        work()
    except ServiceResponseException as error:
        if error.status_code != status or not error.error_code:
            raise AssertionError(f"{error.status_code} {error.error_code}, expected {status}") from error
        return True
    raise AssertionError(f"succeeded, expected {status}")


def git(*arguments, cwd=None):
    environment = dict(os.environ, GIT_TERMINAL_PROMPT="0", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


class BasicCredentials(credentials.BasicCredentials):
    """Puts a token into each request, in the place of a signature. The client takes it by the name of its class."""

    def __init__(self, token):
        super().__init__("unused", "unused", "unused")
        self.token = token

    def sign_request(self, request):
        request.header_params["X-Auth-Token"] = self.token
        Signer.process_request_uri(request)
        return request


def sign_in(host, user, password):
    domain, name = user.split("/")
    body = {"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": name, "password": password, "domain": {"name": domain}}}},
        "scope": {"project": {"name": "cn-north-4"}}}}
    request = urllib.request.Request(
        host + "/v3/auth/tokens?nocatalog=true", data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return reply.headers["X-Subject-Token"]


def clients(host, token):
    return [module.CodeArtsRepoClient.new_builder().with_credentials(BasicCredentials(token))
            .with_endpoints([host]).build() for module in (v4, v3)]


def everything(call, request, size=100):
    """All items of a list of version 4."""
    items = []
    while True:
        request.offset, request.limit = len(items), size
        reply = call(request)
        items += reply.body
        if len(reply.body) < size:
            return items


def account_checks(api, old, ready):
    check("user: the token's own account", lambda: api.show_user_emails(
        v4.ShowUserEmailsRequest()).name == ready["login"])
    wrong = clients(ready["host"], "wrong")[0]
    check("user: a wrong token is 401", lambda: refused(lambda: wrong.show_user_emails(v4.ShowUserEmailsRequest()), 401))
    groups = check("groups: all", lambda: everything(api.list_groups, v4.ListGroupsRequest())) or []
    check("groups: subgroups three deep", lambda: any(g.full_path.endswith("/fleet/north/quay") for g in groups))
    check("groups: their project", lambda: {g.project_id for g in groups} == {ready["namespace"]})
    deepest = next(g for g in groups if g.full_path.endswith("/quay"))
    members = check("groups: repositories", lambda: everything(
        api.list_group_repositories, v4.ListGroupRepositoriesRequest(group_id=deepest.id))) or []
    check("groups: one repository in it", lambda: len(members) == 1)
    check("projects: repositories", lambda: len(everything(
        api.list_project_repositories, v4.ListProjectRepositoriesRequest(project_id=ready["namespace"]))) >= 9)
    own = check("user: repositories", lambda: everything(
        api.list_current_user_repositories, v4.ListCurrentUserRepositoriesRequest())) or []
    check("user: addresses of repositories", lambda: all(r.http_url_to_repo.endswith(".git") for r in own))
    check("version 2: all repositories", lambda: old.list_user_all_repositories(
        v3.ListUserAllRepositoriesRequest(page_index=1, page_size=100)).result.total == len(own))
    return next((r for r in own if r.path == ready["project"]), None)


def reference_checks(api, repository):
    where = {"repository_id": repository}
    check("branches: create", lambda: api.create_branch(v4.CreateBranchRequest(
        **where, body=v4.CreateBranchDto(branch="topic/one.two", ref="main"))))
    shown = check("branches: show", lambda: api.show_branch(v4.ShowBranchRequest(**where, branch_name="topic/one.two")))
    check("branches: its commit", lambda: len(shown.commit.id) == 40)
    check("branches: list", lambda: {b.name for b in everything(
        api.list_branches, v4.ListBranchesRequest(**where))} == {"main", "topic/one.two"})
    check("branches: delete", lambda: api.delete_branch(v4.DeleteBranchRequest(**where, branch_name="topic/one.two")))
    check("branches: gone", lambda: refused(
        lambda: api.show_branch(v4.ShowBranchRequest(**where, branch_name="topic/one.two")), 404))

    def tag(name, ref="main", message=None):
        return api.create_tag(v4.CreateTagRequest(
            **where, body=v4.CreateTagDto(tag_name=name, ref=ref, message=message)))

    check("tags: lightweight", lambda: not tag("v1").message)
    check("tags: annotated", lambda: tag("release/2.0", message="Second").message.strip() == "Second")
    check("tags: a second of the name is 400", lambda: refused(lambda: tag("v1"), 400))
    check("tags: an unknown ref is 404", lambda: refused(lambda: tag("v3", ref="nowhere"), 404))
    check("tags: list", lambda: [t.name for t in everything(api.list_tags, v4.ListTagsRequest(
        **where, order_by="name", sort="asc"))] == ["release/2.0", "v1"])
    check("tags: delete", lambda: api.delete_tag(v4.DeleteTagRequest(**where, tag_name="release/2.0")))
    check("tags: gone", lambda: refused(lambda: api.show_tag(v4.ShowTagRequest(**where, tag_name="release/2.0")), 404))


def file_checks(api, repository):
    where = {"repository_id": repository}
    path = "docs/naïve plan + 100%#1?.md"
    data = bytes(range(256))

    def create(path, data):
        return api.create_file(v4.CreateFileRequest(**where, body=v4.FileBodyDto(
            file_path=path, branch="main", commit_message=f"Add {path}", encoding="base64",
            content=base64.b64encode(data).decode())))

    def read(ref="main"):
        return api.show_file(v4.ShowFileRequest(**where, file_path=path, ref=ref))

    check("files: the first one makes the branch", lambda: create("README.md", b"# Made\n").branch == "main")
    check("files: create", lambda: create(path, data).file_path == path)
    check("files: a second of the name is 400", lambda: refused(lambda: create(path, data), 400))
    got = check("files: read", read)
    check("files: content", lambda: base64.b64decode(got.content) == data and got.size == 256)

    def update(lock):
        return api.update_file(v4.UpdateFileRequest(**where, file_path=path, body=v4.UpdateFileBodyDto(
            file_path=path, branch="main", commit_message="Change", encoding="base64",
            content=base64.b64encode(b"two\n").decode(), last_commit_id=lock)))

    check("files: update under a lock", lambda: update(got.last_commit_id))
    check("files: a stale lock is 400", lambda: refused(lambda: update(got.last_commit_id), 400))
    again = check("files: read again", read)
    check("blobs: by id", lambda: base64.b64decode(
        api.show_blobs(v4.ShowBlobsRequest(**where, blob_id=again.blob_id)).content) == b"two\n")
    many = [v4.ActionDto(action="create", file_path=f"many/dir-{n % 7}/file-{n:03}.txt", content=f"{n}\n")
            for n in range(120)]
    check("commits: many files at once", lambda: api.create_commit(v4.CreateCommitRequest(
        **where, body=v4.CommitParams(branch="main", commit_message="Add many", actions=many))).message == "Add many")
    tree = check("tree: recursive, in pages", lambda: everything(
        api.list_trees, v4.ListTreesRequest(**where, ref="main", recursive=True))) or []
    check("tree: every file", lambda: len([e for e in tree if e.type == "blob"]) == 122)
    check("files: list of paths", lambda: sorted(everything(api.list_files, v4.ListFilesRequest(
        **where, ref_name="main"))) == sorted(e.path for e in tree if e.type == "blob"))
    commits = check("commits: list", lambda: api.list_commits(v4.ListCommitsRequest(
        **where, ref_name="main", offset=0, limit=10)).commits) or []
    check("commits: newest first", lambda: [c.message.strip() for c in commits][:2] == ["Add many", "Change"])
    check("commits: one", lambda: api.show_commit(v4.ShowCommitRequest(**where, sha="main")).id == commits[0].id)
    check("files: delete", lambda: api.delete_file(v4.DeleteFileRequest(
        **where, file_path=path, branch="main", commit_message="Drop")).status == "success")
    check("files: gone is 404", lambda: refused(read, 404))


def hook_checks(api, repository):
    where = {"repository_id": repository}
    body = v4.WebhookParamsDto(
        url="https://example.com/hook", token="seal", push_events=True, tag_push_events=True)
    made = check("hooks: create", lambda: api.add_repository_webhook(v4.AddRepositoryWebhookRequest(**where, body=body)))
    check("hooks: the token is masked", lambda: made.token and "seal" not in str(made))
    check("hooks: the header of the token", lambda: made.token_type == "X-Repo-Token")
    check("hooks: list", lambda: [h.id for h in everything(
        api.list_repository_webhooks, v4.ListRepositoryWebhooksRequest(**where))] == [made.id])
    check("hooks: delete", lambda: api.remove_repository_webhook(
        v4.RemoveRepositoryWebhookRequest(**where, hook_id=made.id)))
    check("hooks: gone is 404", lambda: refused(lambda: api.show_repository_webhook(
        v4.ShowRepositoryWebhookRequest(**where, hook_id=made.id)), 404))


def git_checks(address, ready):
    user = urllib.parse.quote(ready["basic"]["user"], safe="")
    password = urllib.parse.quote(ready["basic"]["password"], safe="")
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "work")
        check("git: clone with the password", lambda: git(
            "clone", "--quiet", address.replace("://", f"://{user}:{password}@"), work))
        check("git: the files are there", lambda: os.path.exists(os.path.join(work, "README.md")))

        def push():
            with open(os.path.join(work, "pushed.txt"), "w", encoding="utf-8") as file:
                file.write("pushed\n")
            git("add", "pushed.txt", cwd=work)
            git("-c", "user.name=Compat", "-c", "user.email=compat@example.com", "commit", "--quiet", "-m", "Push", cwd=work)
            git("push", "--quiet", "origin", "main", cwd=work)

        check("git: push", push)
        other = os.path.join(folder, "other")
        check("git: clone with a token for git", lambda: git(
            "clone", "--quiet", address.replace("://", f"://private-token:{ready['token']}@"), other))
        check("git: it has what was pushed", lambda: os.path.exists(os.path.join(other, "pushed.txt")))


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)["forges"]["devcloud"]
    token = check("IAM: a token", lambda: sign_in(ready["host"], ready["basic"]["user"], ready["basic"]["password"]))
    api, old = clients(ready["host"], token)
    seeded = account_checks(api, old, ready)
    check("repositories: by id", lambda: api.show_repository(
        v4.ShowRepositoryRequest(repository_id=seeded.id)).path == ready["project"])
    name = f"compat-{uuid.uuid4().hex[:10]}"
    draft = v3.CreateRepoRequest(name=name, project_uuid=ready["namespace"], visibility_level=0)
    made = check("repositories: create", lambda: old.create_repository(v3.CreateRepositoryRequest(body=draft)).result)
    check("repositories: the same name again fails", lambda: old.create_repository(
        v3.CreateRepositoryRequest(body=draft)).status == "failed")
    found = check("repositories: by uuid", lambda: old.show_repository_by_uuid(
        v3.ShowRepositoryByUuidRequest(repository_uuid=made.repository_uuid)).result)
    check("repositories: by path", lambda: old.show_repo_id(v3.ShowRepoIdRequest(
        group_name=ready["namespace"], repository_name=name)).result == found.repository_id)
    check("repositories: private and empty", lambda: (lambda r: r.visibility == "private" and r.empty_repo)(
        api.show_repository(v4.ShowRepositoryRequest(repository_id=found.repository_id))))
    file_checks(api, found.repository_id)
    reference_checks(api, found.repository_id)
    hook_checks(api, found.repository_id)
    git_checks(found.https_url, ready)
    check("repositories: delete", lambda: old.delete_repository(
        v3.DeleteRepositoryRequest(repository_uuid=made.repository_uuid)).result is True)
    check("repositories: gone is 404", lambda: refused(lambda: api.show_repository(
        v4.ShowRepositoryRequest(repository_id=found.repository_id)), 404))
    return finish()


if __name__ == "__main__":
    sys.exit(main())
