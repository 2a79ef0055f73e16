#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Holds a running sandbox to openapi.yaml: every answer's status, headers, body and error code must be described.

    scripts/contract.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Calls every operation, rightly and wrongly, with nothing but Python's own HTTP client. Needs PyYAML, jsonschema and
openapi-spec-validator. Prints one line a call and `N passed, N failed`; exits 1 when one failed.
"""

import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import openapi_spec_validator
import yaml

DESCRIPTION = pathlib.Path(__file__).parent.parent / "Sources/Web/Resources/openapi.yaml"


def resolve(description, node):
    while "$ref" in node:
        target = description
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


class Contract:
    def __init__(self, ready):
        self.description = yaml.safe_load(DESCRIPTION.read_text())
        openapi_spec_validator.validate(self.description)
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for path, item in self.description["paths"].items()
            for method, operation in item.items() if method != "parameters"}
        self.ready = ready
        self.token = None
        self.passed = self.failed = 0
        self.called = set()

    def call(self, name, expected, path=None, query=None, body=None, headers=None, raw=None, token=True):
        """Makes one call and judges its answer. Gives the answer's JSON, or None."""
        method, template, operation = self.operations[name]
        self.called.add(name)
        for key, value in {"project_id": self.ready["project_id"], **(path or {})}.items():
            template = template.replace("{" + key + "}", urllib.parse.quote(value, safe=":"))
        address = self.ready["endpoint"] + template + ("?" + urllib.parse.urlencode(query) if query else "")
        sent = dict(headers or {})
        if token and self.token:
            sent.setdefault("X-Auth-Token", self.token)
        if body is not None:
            raw = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(address, data=raw, headers=sent, method=method.upper())
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        faults = [] if answer.status == expected else [f"status {answer.status}, expected {expected}: {content[:200]}"]
        faults += self.faults(operation, method, answer, content)
        self.passed += not faults
        self.failed += bool(faults)
        print(f"{'FAIL' if faults else 'ok  '} {name} {expected}" + "".join(f"\n     {fault}" for fault in faults),
              flush=True)
        return json.loads(content) if content and "json" in (answer.headers["Content-Type"] or "") else None

    def call_refused_by_the_parser(self, path):
        """An address that is so long that no operation is known for it."""
        try:
            answer = urllib.request.urlopen(self.ready["endpoint"] + path, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        sound = answer.status == 494 and json.loads(answer.read())["error_code"] == "APIGW.0201"
        self.passed += sound
        self.failed += not sound
        print(f"{'ok  ' if sound else 'FAIL'} an address of {len(path)} bytes: {answer.status}", flush=True)

    def faults(self, operation, method, answer, content):
        if str(answer.status) not in operation["responses"]:
            yield f"status {answer.status} is not described"
            return
        described = resolve(self.description, operation["responses"][str(answer.status)])
        for header in described.get("headers", {}):
            if not answer.headers[header]:
                yield f"the header {header} is missing"
        kind = (answer.headers["Content-Type"] or "").split(";")[0]
        media = described.get("content", {})
        if not content:
            if media and method != "head":
                yield "the body is missing"
            return
        if kind not in media:
            yield f"{kind} is not described, but {', '.join(media) or 'no body'}"
            return
        if "json" not in kind:
            return
        value = json.loads(content)
        schema = {"components": self.description["components"], **media[kind]["schema"]}
        for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
            yield f"{error.json_path}: {error.message[:200]}"
        if "error_code" in value and value["error_code"] not in described["description"]:
            yield f"{value['error_code']} is not described for status {answer.status}"
        if "request_id" in value and value["request_id"] != answer.headers["X-Request-Id"]:
            yield "request_id is not X-Request-Id"


def identity(contract):
    user = contract.ready["user"]
    person = {"name": user["name"], "password": user["password"], "domain": {"name": user["domain"]}}

    def sign_in(person, **more):
        return {"auth": {"identity": {"methods": ["password"], "password": {"user": person}}, **more}}

    contract.call("CreateToken", 201, body=sign_in(person))
    contract.call("CreateToken", 201, body=sign_in(person, scope={"domain": {"name": user["domain"]}}))
    contract.call("CreateToken", 400, body={"auth": {}})
    contract.call("CreateToken", 401, body=sign_in({**person, "password": "wrong"}))
    contract.call("CreateToken", 413, raw=b"x" * 70_000)
    request = urllib.request.Request(
        contract.ready["endpoint"] + "/v3/auth/tokens", data=json.dumps(sign_in(person)).encode(), method="POST")
    contract.token = urllib.request.urlopen(request, timeout=30).headers["X-Subject-Token"]
    subject = {"X-Subject-Token": contract.token}
    contract.call("ShowToken", 200, headers=subject)
    contract.call("ShowToken", 400)
    contract.call("ShowToken", 404, headers={"X-Subject-Token": "unknown"})
    contract.call("CheckToken", 200, headers=subject)
    for name in "ShowIdentityVersion", "ListIdentityProjects", "ListTokenProjects", "ListTokenDomains":
        contract.call(name, 200)
    contract.call("ListIdentityProjects", 200, query={"name": "cn-north-4"})
    contract.call("ListTokenDomains", 401, token=False)
    asked = {"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}}
    contract.call("CreateTemporaryAccessKey", 201, body=asked)
    contract.call("CreateTemporaryAccessKey", 400, body={"auth": {"identity": {"methods": ["password"]}}})
    contract.call("CreateTemporaryAccessKey", 401, body=asked, token=False)
    contract.call("CreateTemporaryAccessKey", 413, raw=b"x" * 70_000)
    contract.call("ListIdentityProjects", 401, token=False)


def service(contract):
    for name in "ShowLiveness", "ShowReadiness", "ShowDescription":
        contract.call(name, 200, token=False)
    contract.call("ShowAuthorizationPage", 400, token=False)
    contract.call("ShowAuthorizationPage", 400, query={"error": "access_denied"}, token=False)
    form = urllib.parse.urlencode({"code": "made-up", "state": "made-up", "name": "made-up"}).encode()
    contract.call("SubmitAuthorizationPage", 400, raw=form, token=False)


def authorizations(contract, forge, facts):
    kind, host = {"repo_type": forge}, facts["host"]
    name = f"contract-{forge}"
    # CodeArts Repo knows passwords only.
    others = 400 if forge == "devcloud" else 200
    contract.call("CreatePersonalAuth", others, kind, body={"name": name, "token": facts["token"], "host": host})
    for status, body in [
            (400, {"name": name, "token": facts["token"], "host": host}),
            (400, {"name": f"{name}-2", "token": "wrong", "host": host}),
            (400, {"name": f"{name}-2", "token": "x", "host": "http://10.0.0.1"}),
            (400, {"name": "abc", "token": "x"}), (400, {"name": f"{name}-2"}), (400, [1])]:
        contract.call("CreatePersonalAuth", status, kind, body=body)
    basic = facts.get("basic")
    body = {"name": f"{name}-basic", "user": "u", "password": "p", "host": host, **(basic or {})}
    contract.call("ShowAuthorization", others if others == 200 else 404, {"name": name})
    contract.call("ShowAuthorization", 404, {"name": "nobody"})
    contract.call("CreatePasswordAuth", 200 if basic else 400, kind, body=body)
    contract.call("CheckRepositoryPassword", 200 if basic else 400, kind)
    contract.call("ShowRedirectUrl", others, kind, {"name": "from-browser"})
    contract.call("ShowRedirectUrl", 400, kind, {"tag": "nowhere"})
    contract.call("CreateOAuth", 400, kind, body={"name": "made-up", "code": "x", "state": "y"})
    mine = name if others == 200 else f"{name}-basic"
    contract.call("UpdatePersonalAuth", others, kind, body={"name": mine, "token": facts["token"]})
    contract.call("UpdatePersonalAuth", 400, kind, body={"name": mine, "token": "wrong"})
    contract.call("UpdatePersonalAuth", 404, kind, body={"name": "made-up", "token": "x"})
    contract.call("UpdatePersonalAuth", 400, kind, body=[1])
    if basic:
        contract.call("UpdatePasswordAuth", 200, kind, body={"name": f"{name}-basic", **basic})
    contract.call("UpdatePasswordAuth", 404, kind, body={"name": "made-up", "user": "u", "password": "p"})
    contract.call("UpdateOAuth", 400, kind, body={"name": mine, "code": "x", "state": "y"})
    contract.call("ShowRedirectUrl", others, kind, {"name": mine, "reauthorize": "true"})
    contract.call("ShowRedirectUrl", 404 if others == 200 else 400, kind, {"name": "made-up", "reauthorize": "true"})
    contract.call("ShowRedirectUrl", 400, kind, {"name": mine, "reauthorize": "perhaps"})
    return {"X-Repo-Auth": mine}


def repositories(contract, headers, facts):
    space = {"namespace": facts["namespace"]}
    place = {**space, "project": facts["project"]}

    def call(name, status, path=None, query=None, body=None):
        return contract.call(name, status, path, query, body, headers)

    call("ListNamespaces", 200)
    projects = call("ListProjects", 200, space)["projects"]
    call("ListProjects", 404, {"namespace": "nobody-of-this-name"})
    call("ShowProjectDetail", 200, query={"clone_url": projects[0]["clone_url"]})
    call("ShowProjectDetail", 400, query={"clone_url": "nowhere"})
    call("CreateProject", 200, space, body={"name": "contract"})
    call("CreateProject", 400, space, body={"name": "contract"})
    for name in "ListBranches", "ListTags", "ListCommits", "ListHooks":
        call(name, 200, place)
        call(name, 404, {**place, "project": "nothing-of-this-name"})
    call("CreateTag", 200, place, {"ref": "main"}, {"name": "contract/1", "description": ""})
    call("CreateTag", 400, place, {"ref": "main"}, {"name": "contract/1", "description": ""})
    call("CreateTag", 404, place, {"ref": "nothing"}, {"name": "contract/2", "description": ""})
    call("DeleteTag", 204, {**place, "tag_name": "contract:1"})
    call("DeleteTag", 404, {**place, "tag_name": "contract:1"})
    hook = call("CreateHook", 200, place, body={"url": "https://example.com/contract", "secret": "s3cret-text"})
    call("CreateHook", 400, place, body={"url": "ftp://example.com", "secret": "s3cret-text"})
    call("DeleteHook", 204, {**place, "hook_id": hook["id"]})
    call("DeleteHook", 404, {**place, "hook_id": hook["id"]})


def files(contract, headers, facts):
    place = {"namespace": facts["namespace"], "project": facts["project"]}
    file, main = {**place, "path": "contract:file.txt"}, {"ref": "main"}
    change = {"message": "contract", "content": "aGVsbG8="}

    def call(name, status, path=None, query=None, body=None):
        return contract.call(name, status, path, query, body, headers)

    call("ListTrees", 200, place, main)
    call("ListTrees", 400, place)
    call("ListTrees", 404, place, {"ref": "nothing"})
    call("CreateFile", 200, file, main, change)
    call("CreateFile", 400, file, main, change)
    call("CreateFile", 400, {**place, "path": "contract:other"}, main, {**change, "content": "no base64!"})
    call("CreateFile", 404, {**place, "path": "contract:other"}, {"ref": "nothing"}, change)
    sha = call("ShowContent", 200, file, main)["sha"]
    call("ShowContent", 404, {**place, "path": "nothing"}, main)
    call("UpdateFile", 409, file, main, {**change, "sha": "0" * 40})
    call("UpdateFile", 200, file, main, {**change, "content": "aGVsbG8h", "sha": sha})
    call("DeleteFile", 409, file, {**main, "message": "contract", "sha": sha})
    sha = call("ShowContent", 200, file, main)["sha"]
    call("DeleteFile", 204, file, {**main, "message": "contract", "sha": sha})


def policy(contract, name):
    """The use-policy of an authorization, and the record."""
    path, headers = {"name": name}, {"X-Repo-Auth": name}
    document = {"Version": "1.1", "Statement": [
        {"Effect": "Allow", "Action": ["gatehouse:repository:read"],
         "Condition": {"StringEquals": {"gatehouse:Namespace": ["nobody"]}}}]}
    contract.call("ShowUsePolicy", 404, path)
    contract.call("SetUsePolicy", 400, path, body={"Version": "1.0"})
    contract.call("SetUsePolicy", 413, path, raw=b" " * (13 << 20))
    contract.call("SetUsePolicy", 404, {"name": "nothing"}, body=document)
    contract.call("SetUsePolicy", 200, path, body=document)
    contract.call("ShowUsePolicy", 200, path)
    contract.call("ListProjects", 403, {"namespace": "octavia"}, headers=headers)
    contract.call("DeleteUsePolicy", 204, path)
    contract.call("DeleteUsePolicy", 404, path)
    events = contract.call("ListAuditEvents", 200, query={"limit": 5})
    contract.call("ListAuditEvents", 200, query={"limit": 5, "marker": events["next_marker"]})
    contract.call("ListAuditEvents", 400, query={"marker": "nothing"})
    contract.call("ListAuditEvents", 400, query={"limit": 0})
    contract.call("ListAuditEvents", 403, {"project_id": "f" * 32})


def refusals(contract, headers):
    contract.call("ListAuthorizations", 200)
    contract.call("ListAuthorizations", 401, token=False)
    contract.call("ListAuthorizations", 401, headers={"X-Auth-Token": "wrong"})
    contract.call("ListAuthorizations", 401, headers={"Authorization": "SDK-HMAC-SHA256 Access=A"}, token=False)
    contract.call("ListAuthorizations", 403, {"project_id": "f" * 32})
    contract.call("ListAuthorizations", 494, headers={"X-Long": "a" * 40_000})
    policy(contract, headers["X-Repo-Auth"])
    contract.call("ListNamespaces", 400)
    contract.call("ListNamespaces", 400, headers={"X-Repo-Auth": "nothing"})
    contract.call("ListBranches", 414, {"namespace": "a" * 40_000, "project": "b"}, headers=headers)
    contract.call_refused_by_the_parser("/v1/" + "a" * 70_000)
    contract.call("CreateProject", 413, {"namespace": "a"}, raw=b"x" * (13 << 20), headers=headers)
    contract.call("ShowRedirectUrl", 400, {"repo_type": "sourceforge"})
    contract.call("DeleteAuthorize", 204, {"name": headers["X-Repo-Auth"]})
    contract.call("DeleteAuthorize", 404, {"name": headers["X-Repo-Auth"]})


def main():
    with open(sys.argv[1]) as file:
        contract = Contract(json.load(file))
    identity(contract)
    service(contract)
    headers = {}
    for forge, facts in sorted(contract.ready["forges"].items()):
        if "-" in forge:  # bitbucket-datacenter: another product of the same repo_type
            continue
        headers = authorizations(contract, forge, facts)
        repositories(contract, headers, facts)
        files(contract, headers, facts)
    refusals(contract, headers)
    contract.call("RevokeToken", 204, headers={"X-Subject-Token": contract.token})
    contract.call("ListAuthorizations", 401)
    for name in sorted(set(contract.operations) - contract.called):
        contract.failed += 1
        print(f"FAIL {name} was not called")
    print(f"{contract.passed} passed, {contract.failed} failed")
    return 1 if contract.failed else 0


if __name__ == "__main__":
    sys.exit(main())
