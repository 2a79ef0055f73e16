#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Measures Gatehouse on this machine and prints two tables in Markdown.

    scripts/bench.py GATEHOUSE BENCH [--seconds N] [--rounds N] [--connections N]

BENCH is a server that prints one JSON object once it listens, with the routes to measure, the first one the yardstick:

    {"hello": {"url": "…"}, "list": {"url": "…", "headers": {"X-Auth-Token": "…"}}, …}

The routes are measured by wrk in turn, round after round, so that a slow minute of the machine meets all of them.
GATEHOUSE is started as `gatehouse serve`: how soon it answers, and how much memory it then holds.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from signing import sign


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wrk(route, options):
    """Requests a second and the 99th percentile in milliseconds. Any answer but 2xx ends the run."""
    command = ["wrk", "--threads", "1", "--connections", str(options.connections),
               "--duration", f"{options.seconds}s", "--latency"]
    for name, value in route.get("headers", {}).items():
        command += ["--header", f"{name}: {value}"]
    said = subprocess.run([*command, route["url"]], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{route['url']} was not answered well:\n{said}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def measure_routes(program, options):
    process = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while True:
            line = process.stdout.readline()
            if not line:
                sys.exit(f"{program} ended before it named its routes. It printed: {text}")
            text += line
            try:
                routes = json.loads(text)
                break
            except json.JSONDecodeError:
                continue
        house = routes.pop("house")
        proofs = measure_proofs(process.pid, house, routes["hello"]["url"], options) if options.requests else {}
        for route in routes.values():  # each is warm before it counts
            wrk(route, argparse.Namespace(connections=options.connections, seconds=1))
        results = {name: [] for name in routes}
        for round_number in range(options.rounds):
            print(f"round {round_number + 1} of {options.rounds}", file=sys.stderr, flush=True)
            for name, route in routes.items():
                results[name].append(wrk(route, options))
        return results, proofs
    finally:
        stop(process)


def cpu(pid):
    """Seconds of CPU that a process has used, in steps of ten milliseconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exchange(address, requests, status):
    """Sends the requests over eight connections, eight at once."""
    connections = [socket.create_connection(address, timeout=10) for _ in range(8)]
    try:
        for start in range(0, len(requests), len(connections)):
            batch = list(zip(connections, requests[start:start + len(connections)]))
            for connection, request in batch:
                connection.sendall(request)
            for connection, _ in batch:
                answer = connection.recv(65536)
                while not is_whole(answer):
                    answer += connection.recv(65536)
                if not answer.startswith(b"HTTP/1.1 %d" % status):
                    sys.exit(f"Not the status {status} was answered:\n{answer.decode(errors='replace')}")
    finally:
        for connection in connections:
            connection.close()


def is_whole(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])


def measure_proofs(pid, house, hello, options):
    """Microseconds of the server's CPU for a request, by who asks and how it is proved."""
    host, own = house["url"].removeprefix("http://"), hello.removeprefix("http://").partition("/")
    git = f"/v1/{house['project']}/git/repos/nobody/projects"
    key = (house["access"], house["secret"])
    token = {"X-Auth-Token": house["token"]}

    def request(method, path, headers, query="", host=host):
        lines = [f"{method} {path}{'?' + query if query else ''} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()] + (["Content-Length: 0"] if method == "POST" else [])
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def signed(algorithm, path):
        return [request("GET", path, sign(algorithm, "GET", path, "", host, *key))] * options.requests

    def changing(path):
        return [request("POST", path, sign("SDK-HMAC-SHA256", "POST", path, f"n={n}", host, *key), f"n={n}")
                for n in range(measure_proofs.sent, measure_proofs.sent + options.requests)]

    domains = "/v3/auth/domains"
    kinds = {
        "hello": (200, lambda: [request("GET", "/" + own[2], {}, host=own[0])] * options.requests),
        "authenticated: token": (200, lambda: [request("GET", domains, token)] * options.requests),
        "authenticated: SDK-HMAC-SHA256": (200, lambda: signed("SDK-HMAC-SHA256", domains)),
        "authenticated: V11-HMAC-SHA256": (200, lambda: signed("V11-HMAC-SHA256", domains)),
        "authenticated: SDK-ECDSA-P256-SHA256": (200, lambda: signed("SDK-ECDSA-P256-SHA256", domains)),
        "no such route: nobody": (404, lambda: [request("GET", "/nothing", {})] * options.requests),
        "authorised, recorded, refused: token": (400, lambda: [request("GET", git, token)] * options.requests),
        "authorised, recorded, refused: SDK-HMAC-SHA256": (400, lambda: signed("SDK-HMAC-SHA256", git)),
        "the same, changing, its signature used up: SDK-HMAC-SHA256": (400, lambda: changing(git)),
    }
    costs = {name: [] for name in kinds}
    for number in range(options.rounds + 1):  # the first one warms
        for name, (status, make) in kinds.items():
            address, port = (own[0] if name == "hello" else host).split(":")
            requests = make()
            before = cpu(pid)
            exchange((address, int(port)), requests, status)
            if number:
                costs[name].append((cpu(pid) - before) / len(requests) * 1e6)
        measure_proofs.sent += options.requests
    return costs


measure_proofs.sent = 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether GET /livez is answered with 200 now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def start_once(program, folder):
    """Milliseconds from the start to the first answer, and the resident memory after two idle seconds in MB."""
    port = free_port()
    environment = {
        **os.environ,
        "GATEHOUSE_LISTEN_HOST": "127.0.0.1",
        "GATEHOUSE_LISTEN_PORT": str(port),
        "GATEHOUSE_STORE_PATH": os.path.join(folder, "gatehouse.sqlite"),
        "GATEHOUSE_MASTER_KEY_FILE": os.path.join(folder, "master.key"),
    }
    with open(os.path.join(folder, "log"), "w+") as log:
        begin = time.perf_counter()
        process = subprocess.Popen([program, "serve"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - begin > 30:
                    log.seek(0)
                    sys.exit(f"gatehouse serve did not answer. It said:\n{log.read()}")
                time.sleep(0.0005)
            first = (time.perf_counter() - begin) * 1000
            time.sleep(2)
            with open(f"/proc/{process.pid}/status") as status:
                resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024
            return first, resident
        finally:
            stop(process)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gatehouse")
    arguments.add_argument("bench")
    arguments.add_argument("--seconds", type=int, default=8, help="of one measurement")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--requests", type=int, default=10_000,
                           help="for each kind of proof and round; 0 leaves these out")
    options = arguments.parse_args()

    results, proofs = measure_routes(options.bench, options)
    folder = tempfile.mkdtemp()
    try:
        fresh, _ = start_once(options.gatehouse, folder)
        starts = [start_once(options.gatehouse, folder) for _ in range(5)]
    finally:
        shutil.rmtree(folder)

    rates = {name: statistics.median(rate for rate, _ in runs) for name, runs in results.items()}
    yardstick = next(iter(rates))
    print(f"\n{options.rounds} rounds of {options.seconds} s, {options.connections} connections, "
          f"{os.cpu_count()} cores; wrk on the same machine\n")
    print("| route | requests a second, median | lowest to highest | p99, median | of " + yardstick + " |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, runs in results.items():
        per_round = [rate / base for (rate, _), (base, _) in zip(runs, results[yardstick])]
        print(f"| {name} | {rates[name]:,.0f} | {min(r for r, _ in runs):,.0f} to {max(r for r, _ in runs):,.0f} | "
              f"{statistics.median(p for _, p in runs):.1f} ms | {statistics.median(per_round):.2f} |")
    if proofs:
        print("\n| request | CPU of the server, median | lowest to highest | of hello |")
        print("| --- | ---: | ---: | ---: |")
        for name, runs in proofs.items():
            print(f"| {name} | {statistics.median(runs):.0f} µs | {min(runs):.0f} to {max(runs):.0f} | "
                  f"{statistics.median(a / b for a, b in zip(runs, proofs['hello'])):.1f} |")
    print("\n| gatehouse serve | |")
    print("| --- | ---: |")
    print(f"| first answer, new store | {fresh:.0f} ms |")
    print(f"| first answer, existing store, median of 5 | {statistics.median(t for t, _ in starts):.0f} ms |")
    print(f"| resident memory when idle, median of 5 | {statistics.median(m for _, m in starts):.0f} MB |")


if __name__ == "__main__":
    main()
