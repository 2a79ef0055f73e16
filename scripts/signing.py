# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Signs requests as the cloud's SDKs do, in each way that Gatehouse takes, with nothing but Python's own library."""

import hashlib
import hmac
import secrets
import time

# P-256: https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-186.pdf
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % FIELD == 0:
        return None
    if p == q:
        slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, FIELD)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, FIELD)
    x = (slope * slope - p[0] - q[0]) % FIELD
    return x, (slope * (p[0] - x) - p[1]) % FIELD


def multiply(number, point):
    result = None
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def integer(number):
    data = number.to_bytes((number.bit_length() + 8) // 8, "big")
    return bytes([2, len(data)]) + data


def ecdsa(text, access, secret):
    for counter in range(255):
        material = bytes([0, 0, 0, 1]) + b"SDK-ECDSA-P256-SHA256\0" + access.encode() + bytes([counter, 0, 0, 1, 0])
        candidate = int.from_bytes(hmac.digest(secret.encode(), material, "sha256"), "big")
        if candidate <= ORDER - 2:
            break
    key, nonce = candidate + 1, secrets.randbelow(ORDER - 1) + 1
    r = multiply(nonce, BASE)[0] % ORDER
    s = pow(nonce, -1, ORDER) * (int.from_bytes(hashlib.sha256(text).digest(), "big") + r * key) % ORDER
    numbers = integer(r) + integer(s)
    return (bytes([0x30, len(numbers)]) + numbers).hex()


def derived(access, secret, scope):
    key = hmac.digest(hmac.digest(access.encode(), secret.encode(), "sha256"), scope.encode() + b"\1", "sha256")
    return key.hex().encode()


def sign(algorithm, method, path, query, host, access, secret, body=b""):
    """The headers that prove a request. The path holds nothing that needs encoding; the query is in canonical order."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = "host;x-sdk-date"
    canonical = "\n".join([method, path + "/", query, f"host:{host}", f"x-sdk-date:{date}", "", names,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/cn-north-4/servicestage"
    lines = [algorithm, date] + ([scope] if algorithm.startswith("V11") else [])
    text = "\n".join([*lines, hashlib.sha256(canonical.encode()).hexdigest()]).encode()
    if algorithm == "SDK-ECDSA-P256-SHA256":
        signature = ecdsa(text, access, secret)
    else:
        key = derived(access, secret, scope) if algorithm.startswith("V11") else secret.encode()
        signature = hmac.new(key, text, "sha256").hexdigest()
    credential = f"Credential={access}/{scope}" if algorithm.startswith("V11") else f"Access={access}"
    return {"X-Sdk-Date": date,
            "Authorization": f"{algorithm} {credential}, SignedHeaders={names}, Signature={signature}"}
