#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Holds a running sandbox to openapi.yaml with requests that schemathesis makes up from it, good ones and bad ones.

    scripts/fuzz-api.py READY.json [--seed N] [--examples N] [OPTION OF `schemathesis run` …]

READY.json is what `gatehouse sandbox --ready-file` wrote. A token is got, and an authorization is made at the emulated GitLab;
then every operation is asked, and asked again in chains that openapi.yaml's links give. Exits with schemathesis's status: 0 where
every check held. The same seed makes the same requests.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

DESCRIPTION = pathlib.Path(__file__).resolve().parent.parent / "Sources/Web/Resources/openapi.yaml"
AUTHORIZATION = "fuzzed-gitlab"

# What is not asked, and why.
EXCLUDED = [
    # A method that a path has not is 404 APIGW.0101, as at the cloud's gateway: docs/compatibility.md.
    "unsupported_method",
]
# Refusals of what the description allows, which the store or the forge has to tell: an operation of another forge, a state, a
# name that is taken or unknown, a credential, an address of another host.
TOLD = {f"SVCSTG.REPO.{number}" for number in ("0401", "0402", "0403", "0450", "0451", "0452")}
# Operations with values of which only git or the forge knows the form: names of repositories, refs and paths, hosts.
JUDGED = {
    "ListProjects", "CreateProject", "ListBranches", "ListTags", "CreateTag", "DeleteTag", "ListCommits", "ListHooks", "CreateHook",
    "DeleteHook", "ListTrees", "ShowContent", "CreateFile", "UpdateFile", "DeleteFile",
    # A state is one that was given out, a tag one of the operator's, a marker one of a page before.
    "ShowAuthorizationPage", "SubmitAuthorizationPage", "ShowRedirectUrl", "CreateOAuth", "UpdateOAuth", "ListAuditEvents",
    # A host is one that the operator allows.
    "CreatePersonalAuth", "CreatePasswordAuth",
    # An authorization is one of this forge.
    "UpdatePersonalAuth", "UpdatePasswordAuth",
    # A token in the body is the one of the header.
    "CreateTemporaryAccessKey",
}


def call(ready, method, path, body, headers=None):
    request = urllib.request.Request(
        ready["endpoint"] + path, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})},
        method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, answer.read()


def token_of(ready):
    user = ready["user"]
    person = {"name": user["name"], "password": user["password"], "domain": {"name": user["domain"]}}
    headers, _ = call(ready, "POST", "/v3/auth/tokens",
                      {"auth": {"identity": {"methods": ["password"], "password": {"user": person}}}})
    return headers["X-Subject-Token"]


def configuration(ready, token, others, forge):
    """Values that are there, so that not every request ends at a project or a name that is not."""
    words = {
        "authorization": [AUTHORIZATION], "namespace": [forge["namespace"]],
        "repository": [forge["project"]], "ref": ["main"], "subject": others,
        # Nobody else is asked.
        "host": [forge["host"]], "path": ["README.md", "docs:new.txt", "a%2Fb"], "repo_type": ["gitlab", "GitHub", "codearts"],
    }
    # How often each takes the place of a made-up value.
    bound = {
        "header.X-Repo-Auth": ("authorization", 0.9),
        "path.namespace": ("namespace", 0.7), "path.project": ("repository", 0.7), "query.ref": ("ref", 0.7),
        "path.path": ("path", 0.5), "header.X-Subject-Token": ("subject", 0.5),
        "path.repo_type": ("repo_type", 0.5), "body.host": ("host", 1.0),
    }
    lines = [f"hooks = {json.dumps(str(pathlib.Path(__file__).resolve()))}", "[auth.openapi.token]", f"api_key = {json.dumps(token)}",
             "[checks.negative_data_rejection]",
             'expected-statuses = [400, 401, 403, 404, 409, 413, 414, 429, 494, "5xx"]',
             # A forge that fails, or does not answer in time, is none of Gatehouse's faults.
             "[checks.not_a_server_error]", 'expected-statuses = ["2xx", "3xx", "4xx", 502, 504]']
    for name, values in words.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines += ["[parameters]", f'"path.project_id" = {json.dumps(ready["project_id"])}']
    for key, (name, probability) in bound.items():
        lines.append(f'"{key}" = {{ dictionary = "{name}", probability = {probability} }}')
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("ready")
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or 1))
    arguments.add_argument("--examples", type=int, default=int(os.environ.get("FUZZ_EXAMPLES") or 25),
                           help="requests for each operation and phase at most")
    options, others = arguments.parse_known_args()
    ready = json.loads(pathlib.Path(options.ready).read_text())
    token, forge = token_of(ready), ready["forges"]["gitlab"]
    call(ready, "POST", f"/v1/{ready['project_id']}/git/auths/gitlab/personal",
         {"name": AUTHORIZATION, "token": forge["token"], "host": forge["host"]}, {"X-Auth-Token": token})
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "schemathesis.toml"
        file.write_text(configuration(ready, token, [token_of(ready) for _ in range(10)], forge))
        program = pathlib.Path(sys.executable).parent / "schemathesis"
        return subprocess.run(
            [program, "--config-file", file, "run", DESCRIPTION, "--url", ready["endpoint"], "--checks", "all",
             "--exclude-checks", ",".join(sorted(EXCLUDED)), "--seed", str(options.seed),
             "--max-examples", str(options.examples), "--generation-database", "none", "--workers", "1",
             "--request-timeout", "30", "--no-color", *others],
            cwd=folder, check=False).returncode


def hooks():
    """Tells schemathesis which failures are none; it loads this very file."""
    import schemathesis

    @schemathesis.hook
    def filter_failure(context, failure, case, response):
        # An empty parameter of a query counts as absent, whatever its type.
        if type(failure).__name__ == "AcceptedNegativeData" and "" in (case.query or {}).values():
            return False
        if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 400:
            return True
        if case.operation.definition.raw["operationId"] in JUDGED:
            return False
        return not any(f'"error_code":"{code}"' in response.text for code in TOLD)


if __name__ == "__main__":
    sys.exit(main())
elif "schemathesis" in sys.modules:
    hooks()
