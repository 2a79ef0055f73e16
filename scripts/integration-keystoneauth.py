#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the embedded identity of a sandbox with keystoneauth1, OpenStack's own client library.

    pip install keystoneauth1
    scripts/integration-keystoneauth.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Prints one line a check and `N passed, M failed`; exits 1 when a check failed.
"""

import json
import sys

from keystoneauth1 import discover, exceptions, session
from keystoneauth1.identity import generic, v3

from checks import check, finish

with open(sys.argv[1]) as file:
    ready = json.load(file)
ROOT = ready["endpoint"]
PROJECT = ready["project_id"]
USER = ready["user"]

def refused(kind, work):
    """True when the library raises exactly this kind of error."""
    try:
        work()
    except Exception as error:  # each status has a class of its own
        if type(error) is not kind:
            raise AssertionError(f"{type(error).__name__}: {error}, expected {kind.__name__}") from error
        return True
    raise AssertionError(f"succeeded, expected {kind.__name__}")


def plugin(kind=v3.Password, address=ROOT + "/v3", **more):
    values = {"username": USER["name"], "password": USER["password"], "user_domain_name": USER["domain"]}
    return kind(auth_url=address, **{**values, **more})


def access(auth):
    return auth.get_access(session.Session())


def works(auth):
    """Whether the API opens for a session of the library, by the endpoint of its catalog."""
    opened = session.Session(auth=auth)
    answer = opened.get("/git/auths", endpoint_filter={"service_type": "servicestage", "interface": "public"})
    return answer.status_code == 200 and "authorizations" in answer.json()


scoped = {"project_name": USER["domain"], "project_domain_name": USER["domain"]}


def discovery():
    found = discover.Discover(session.Session(), ROOT)
    data = found.version_data()
    assert [tuple(version["version"]) for version in data] == [(3, 14)], data
    return found.url_for("3") == ROOT + "/v3/" and discover.Discover(session.Session(), ROOT + "/v3").url_for("3")


def password():
    token = access(plugin(**scoped))
    assert token.project_id == PROJECT and token.project_scoped and not token.domain_scoped
    assert token.username == USER["name"] and token.user_domain_name == USER["domain"]
    assert token.role_names == ["member"]
    assert token.auth_token and token.audit_id and not token.will_expire_soon(60)
    return (token.expires - token.issued).total_seconds() > 0


def by_id():
    token = access(plugin(project_id=PROJECT))
    again = v3.Password(
        auth_url=ROOT + "/v3", user_id=token.user_id, password=USER["password"], project_id=PROJECT)
    return access(again).user_id == token.user_id and works(again)


def unscoped():
    token = access(plugin(unscoped=True))
    assert not token.scoped and token.project_id is None and not token.has_service_catalog()
    opened = session.Session(auth=plugin(unscoped=True))
    return refused(exceptions.Forbidden, lambda: opened.get(f"{ROOT}/v1/{PROJECT}/git/auths"))


def domain():
    token = access(plugin(domain_name=USER["domain"]))
    assert token.domain_scoped and token.domain_name == USER["domain"] and token.project_id is None
    opened = session.Session(auth=plugin(domain_name=USER["domain"]))
    return refused(exceptions.Forbidden, lambda: opened.get(f"{ROOT}/v1/{PROJECT}/git/auths"))


def catalog():
    opened = session.Session(auth=plugin(**scoped))
    for kind, address in (("servicestage", f"{ROOT}/v1/{PROJECT}"), ("identity", ROOT + "/v3")):
        found = opened.get_endpoint(service_type=kind, interface="public", region_name="RegionOne")
        assert found == address, f"{kind}: {found}"
    assert refused(exceptions.EndpointNotFound, lambda: opened.get("/", endpoint_filter={"service_type": "compute"}))
    assert opened.get_project_id() == PROJECT
    return opened.get("/projects", endpoint_filter={"service_type": "identity"}).json()["projects"][0]["id"] == PROJECT


def by_token():
    first = access(plugin(unscoped=True))
    rescoped = v3.Token(auth_url=ROOT + "/v3", token=first.auth_token, project_id=PROJECT)
    token = access(rescoped)
    assert token.project_id == PROJECT and token.expires == first.expires
    return token.auth_token != first.auth_token and works(rescoped)


def validation():
    auth = plugin(**scoped)
    opened = session.Session(auth=auth)
    own = opened.get_token()
    answer = opened.get(ROOT + "/v3/auth/tokens", headers={"X-Subject-Token": own})
    assert answer.json()["token"]["project"]["id"] == PROJECT and answer.headers["X-Subject-Token"] == own
    assert opened.head(ROOT + "/v3/auth/tokens", headers={"X-Subject-Token": own}).status_code == 200
    return refused(
        exceptions.NotFound,
        lambda: opened.get(ROOT + "/v3/auth/tokens", headers={"X-Subject-Token": "gate_" + "x" * 43}))


def revocation():
    victim = plugin(**scoped)
    token = access(victim).auth_token
    opened = session.Session(auth=plugin(**scoped))
    answer = opened.delete(ROOT + "/v3/auth/tokens", headers={"X-Subject-Token": token})
    assert answer.status_code == 204
    bare = session.Session()
    address = f"{ROOT}/v1/{PROJECT}/git/auths"
    assert refused(
        exceptions.Unauthorized,
        lambda: bare.get(address, headers={"X-Auth-Token": token}, authenticated=False))
    assert refused(exceptions.Unauthorized, lambda: access(
        v3.Token(auth_url=ROOT + "/v3", token=token, project_id=PROJECT)))
    # The library signs in once more by itself when its token is refused.
    return works(victim) and access(victim).auth_token != token


def invalidated():
    auth = plugin(**scoped)
    opened = session.Session(auth=auth)
    first = opened.get_token()
    assert opened.invalidate() and opened.get_token() != first
    return True


check("discovery finds version 3 at the address and at /v3", discovery)
check("a password with a project's name and domain", password)
check("a token of a password opens the API by its catalog", lambda: works(plugin(**scoped)))
check("the generic plugin finds its way from the address alone", lambda: works(plugin(generic.Password, ROOT, **scoped)))
check("a user and a project by their ids", by_id)
check("without a scope the user's project is meant", lambda: access(plugin()).project_id == PROJECT)
check("unscoped on request: no project, no catalog, no entry", unscoped)
check("a domain's scope: no entry", domain)
check("endpoints of the catalog", catalog)
check("a token for a token", by_token)
check("a token is told about, and an unknown one is NotFound", validation)
check("a revoked token is Unauthorized, gets no other one, and the library signs in again", revocation)
check("an invalidated session signs in again", invalidated)
for name, more in (
    ("a wrong password", {"password": "wrong"}), ("an unknown user", {"username": "nobody"}),
    ("an unknown domain", {"user_domain_name": "nowhere"}),
    ("another's project", {"project_id": "0" * 32}), ("an unknown project", {
        "project_name": "nothing", "project_domain_name": USER["domain"]}),
    ("another's domain", {"domain_name": "nowhere"}),
):
    check(f"{name} is Unauthorized", lambda more=more: refused(
        exceptions.Unauthorized, lambda: access(plugin(**more))))
check("a made-up token is Unauthorized", lambda: refused(exceptions.Unauthorized, lambda: access(
    v3.Token(auth_url=ROOT + "/v3", token="gate_" + "x" * 43, project_id=PROJECT))))
check("a method that is not offered is BadRequest", lambda: refused(exceptions.BadRequest, lambda: access(
    v3.TOTP(auth_url=ROOT + "/v3", username=USER["name"], passcode="123456", user_domain_name=USER["domain"]))))
sys.exit(finish())
