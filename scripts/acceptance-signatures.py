#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Signs requests to a running sandbox in every way that Huawei Cloud's own SDK for Python knows.

    scripts/acceptance-signatures.py READY.json        (the file that `gatehouse sandbox --ready-file` wrote)

Needs huaweicloudsdkcore and huaweicloudsdkservicestage. Prints one line a check and `N passed, N failed`; exits 1 when
one failed.
"""

import http.server
import json
import re
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.auth.internal import IamHelper
from huaweicloudsdkcore.exceptions.exceptions import SdkException, ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.http.http_handler import HttpHandler
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkcore.retry.backoff_strategy import BackoffStrategies
from huaweicloudsdkcore.signer.algorithm import SigningAlgorithm
from huaweicloudsdkservicestage import v2 as ss

V11 = "V11"
OFFERED = {
    "SDK-HMAC-SHA256": SigningAlgorithm.HMAC_SHA256, "SDK-ECDSA-P256-SHA256": SigningAlgorithm.ECDSA_P256_SHA256,
    "V11-HMAC-SHA256": V11, "SDK-HMAC-SM3": SigningAlgorithm.HMAC_SM3, "SDK-SM2-SM3": SigningAlgorithm.SM2_SM3,
}


class Acceptance:
    def __init__(self, ready):
        self.ready = ready
        self.facts = ready["forges"]["github"]
        self.passed = self.failed = 0
        self.sent = []

    def check(self, name, is_good, detail=""):
        self.passed += bool(is_good)
        self.failed += not is_good
        print(f"ok   {name}" if is_good else f"FAIL {name}  {detail}", flush=True)

    def does(self, name, call):
        try:
            answer = call()
        except SdkException as error:
            self.check(name, False, repr(error))
            return None
        self.check(name, True)
        return answer

    def refused(self, name, call, status, *words):
        try:
            call()
        except ServiceResponseException as error:
            self.check(name, error.status_code == status and all(word in error.error_msg for word in words),
                       f"{error.status_code} {error.error_msg}")
        except SdkException as error:
            self.check(name, False, repr(error))
        else:
            self.check(name, False, "was accepted")

    def credentials(self, key=None, project=True, algorithm=None):
        key = key or self.ready["access_key"]
        credentials = BasicCredentials(
            key.get("ak") or key["access"], key.get("sk") or key["secret"],
            self.ready["project_id"] if project else None)
        if "securitytoken" in key:
            credentials.with_security_token(key["securitytoken"])
        if algorithm == V11:
            credentials.with_derived_predicate(lambda request: True)
            credentials._process_derived_auth_params("servicestage", "cn-north-4")
        return credentials

    def config(self, algorithm=None, **more):
        chosen = {} if algorithm in (None, V11) else {"signing_algorithm": algorithm}
        return HttpConfig(**chosen, **more)

    def client(self, key=None, algorithm=None, **more):
        handler = HttpHandler().add_request_handler(
            lambda **facts: self.sent.append(facts["request"].header_params.get("Authorization", "")))
        return (ss.ServiceStageClient.new_builder().with_credentials(self.credentials(key, algorithm=algorithm))
                .with_http_config(self.config(algorithm, **more)).with_http_handler(handler)
                .with_endpoints([self.ready["endpoint"]]).build())

    def create(self, name):
        return ss.CreatePersonalAuthRequest(repo_type="github", body=ss.AccessToken(
            name=name, token=self.facts["token"], host=self.facts["host"]))

    def works(self, label, client):
        """Requests of every kind: without a body, with one, with what must be encoded, and deleting."""
        name = "signed-" + uuid.uuid4().hex[:12]
        self.does(f"{label}: list authorizations",
                  lambda: client.list_authorizations(ss.ListAuthorizationsRequest()))
        self.does(f"{label}: create an authorization", lambda: client.create_personal_auth(self.create(name)))
        where = dict(x_repo_auth=name, namespace=self.facts["namespace"], project=self.facts["project"])
        self.does(f"{label}: read by an address with a query",
                  lambda: client.show_content(ss.ShowContentRequest(**where, path="README.md", ref="main")))
        try:
            client.show_content(ss.ShowContentRequest(**where, path="ünï code:a b+c%.txt", ref="main"))
        except ServiceResponseException as error:
            self.check(f"{label}: an address with every kind of letter is signed", error.status_code == 404,
                       f"{error.status_code} {error.error_msg}")
        self.does(f"{label}: delete the authorization",
                  lambda: client.delete_authorize(ss.DeleteAuthorizeRequest(name=name)))

    def post(self, path, body, token=None, method="POST", headers=None):
        headers = {"Content-Type": "application/json", **({"X-Auth-Token": token} if token else {}), **(headers or {})}
        request = urllib.request.Request(
            self.ready["endpoint"] + path, data=None if body is None else json.dumps(body).encode(), headers=headers,
            method=method)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else {}

    def sign_in(self):
        user = self.ready["user"]
        person = {"name": user["name"], "password": user["password"], "domain": {"name": user["domain"]}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": person}}}}
        return self.post("/v3/auth/tokens", body)[1]["X-Subject-Token"]


def algorithms(acceptance):
    for name, algorithm in OFFERED.items():
        acceptance.sent.clear()
        acceptance.works(name, acceptance.client(algorithm=algorithm))
        acceptance.check(f"{name}: every request was signed so",
                         acceptance.sent and all(text.startswith(name + " ") for text in acceptance.sent))
        wrong = {**acceptance.ready["access_key"], "sk": "wrong"}
        acceptance.refused(
            f"{name}: a wrong secret key is refused",
            lambda: acceptance.client(wrong, algorithm).list_authorizations(ss.ListAuthorizationsRequest()), 401,
            "verify aksk signature fail")


def regions(acceptance):
    """With an access key and a region, and no project id."""
    endpoint, key = acceptance.ready["endpoint"], acceptance.ready["access_key"]
    for index, region in enumerate(["cn-north-4", "eu-west-101", "RegionOne"]):
        for name, algorithm in OFFERED.items():
            BasicCredentials._CACHE.clear()
            credentials = acceptance.credentials(project=False, algorithm=algorithm).with_iam_endpoint(endpoint)
            client = acceptance.does(
                f"{name}: a client of {region} finds its project",
                lambda: ss.ServiceStageClient.new_builder().with_credentials(credentials)
                .with_http_config(acceptance.config(algorithm)).with_region(Region(region, endpoint)).build())
            acceptance.check(f"{name}: it is the one of the access key",
                             credentials.project_id == acceptance.ready["project_id"], credentials.project_id)
            if client:
                acceptance.does(f"{name}: and lists authorizations by it",
                                lambda: client.list_authorizations(ss.ListAuthorizationsRequest()))
    credentials = GlobalCredentials(key["ak"], key["sk"]).with_iam_endpoint(endpoint)
    client = acceptance.client()
    acceptance.does("global credentials find their domain",
                    lambda: credentials.process_auth_params(client.get_http_client(), "cn-north-4"))
    acceptance.check("which is an id", re.fullmatch("[0-9a-f]{32}", credentials.domain_id or ""), credentials.domain_id)


def temporary_keys(acceptance):
    token = acceptance.sign_in()
    path = "/v3.0/OS-CREDENTIAL/securitytokens"
    body = {"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}}
    status, _, answer = acceptance.post(path, body, token)
    acceptance.check("a token gets a temporary access key", status == 201, f"{status} {answer}")
    key = answer["credential"]
    for name, algorithm in OFFERED.items():
        acceptance.works(f"{name}, temporary key", acceptance.client(key, algorithm))
    for name, other in {
        "without its security token": {k: v for k, v in key.items() if k != "securitytoken"},
        "with another security token": {**key, "securitytoken": "another"},
        "with another secret key": {**key, "secret": "another"},
    }.items():
        acceptance.refused(f"a temporary key {name} is refused",
                           lambda: acceptance.client(other).list_authorizations(ss.ListAuthorizationsRequest()), 401)
    # As the SDK itself does it for a federated user: the token in the body.
    client = acceptance.client()
    request = IamHelper.get_create_temporary_access_key_by_token_request(
        acceptance.config(), acceptance.ready["endpoint"], token, 6 * 60 * 60)
    key = acceptance.does("the SDK gets a temporary key for a token",
                          lambda: IamHelper.create_temporary_access_key_by_token(client.get_http_client(), request))
    acceptance.works("the SDK's temporary key", acceptance.client(key))


def resend(acceptance, signed, times):
    """Sends one signed request again, as somebody who has got hold of it."""
    request = urllib.request.Request(signed.url, data=signed.body or None, headers=dict(signed.headers),
                                     method=signed.method)
    answers = []
    for _ in range(times):
        try:
            answers.append((urllib.request.urlopen(request, timeout=30).status, ""))
        except urllib.error.HTTPError as error:
            answers.append((error.code, json.loads(error.read()).get("error_msg", "")))
    return answers


def replays(acceptance):
    for name, algorithm in OFFERED.items():
        kept = []
        handler = HttpHandler().add_response_handler(lambda **facts: kept.append(facts["response"].request))
        client = (ss.ServiceStageClient.new_builder()
                  .with_credentials(acceptance.credentials(algorithm=algorithm))
                  .with_http_config(acceptance.config(algorithm)).with_http_handler(handler)
                  .with_endpoints([acceptance.ready["endpoint"]]).build())
        client.create_personal_auth(acceptance.create("replay-" + uuid.uuid4().hex[:12]))
        client.list_authorizations(ss.ListAuthorizationsRequest())
        if name != "SDK-ECDSA-P256-SHA256":
            time.sleep(2.5)
        first, second = kept
        answers = resend(acceptance, first, 2)
        acceptance.check(f"{name}: a request that changes something is accepted once",
                         all(status == 401 and "used already" in text for status, text in answers), answers)
        answers = resend(acceptance, second, 2)
        acceptance.check(f"{name}: one that reads may come again", [status for status, _ in answers] == [200, 200],
                         answers)
    for name, algorithm in OFFERED.items():
        client, taken = acceptance.client(algorithm=algorithm), "twice-" + uuid.uuid4().hex[:12]
        client.create_personal_auth(acceptance.create(taken))
        acceptance.refused(f"{name}: the same request twice at once gets the service's answer",
                           lambda: client.create_personal_auth(acceptance.create(taken)), 400, "exists")


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers every first request with 429 or with a broken connection, and the next one with 204."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append(self.headers["Authorization"])
        if len(self.server.seen) > 1:
            self.send_response(204)
        elif self.server.breaks:
            self.close_connection = True
            return
        else:
            self.send_response(429)
            self.send_header("Retry-After", "3")
            self.send_header("Content-Length", "0")
        self.end_headers()

    do_DELETE = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


def session_retries(acceptance, breaks):
    """What the session below the SDK sends with `retry_times`: the same signature, again."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.seen, server.breaks = [], breaks
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = (ss.ServiceStageClient.new_builder().with_credentials(acceptance.credentials())
                  .with_http_config(acceptance.config(retry_times=1))
                  .with_endpoints([f"http://127.0.0.1:{server.server_port}"]).build())
        try:
            client.delete_authorize(ss.DeleteAuthorizeRequest(name="anything"))
        except SdkException as error:
            print(f"     the SDK gave up: {error!r}")
        server.shutdown()
        why = "after a broken connection" if breaks else "after 429"
        acceptance.check(f"the SDK's session repeats a DELETE {why} with the signature that it had",
                         len(server.seen) == 2 and len(set(server.seen)) == 1, server.seen)


def retries(acceptance):
    """What the SDK sends when it tries again: signed anew by its invoker, and signed once by the session below it."""
    session_retries(acceptance, breaks=False)
    session_retries(acceptance, breaks=True)
    acceptance.sent.clear()
    client = acceptance.client()
    invoker = client.delete_authorize_invoker(ss.DeleteAuthorizeRequest(name="nobody-" + uuid.uuid4().hex[:8]))
    invoker.with_retry(lambda response, error: error is not None, 2, BackoffStrategies.EQUAL_JITTER)
    acceptance.refused("the SDK's retries get the service's answer to the end", invoker.invoke, 404)
    acceptance.check("three requests were sent", len(acceptance.sent) == 3, len(acceptance.sent))
    print(f"     the SDK sent {len(acceptance.sent)} requests with {len(set(acceptance.sent))} signature(s)", flush=True)


def main():
    with open(sys.argv[1]) as file:
        acceptance = Acceptance(json.load(file))
    for part in algorithms, regions, temporary_keys, replays, retries:
        try:
            part(acceptance)
        except Exception as error:  # The other parts go on.
            acceptance.check(f"{part.__name__}: ran to its end", False, repr(error))
    print(f"{acceptance.passed} passed, {acceptance.failed} failed")
    return 1 if acceptance.failed else 0


if __name__ == "__main__":
    sys.exit(main())
