#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests no client sends, thrown at a socket: hostile_http.py SOCKET [CONTAINER]

After each the service must still answer a ping. Prints what it did not survive, or answered wrongly.
"""
import contextlib
import json
import os
import random
import socket
import sys

PATH = sys.argv[1]
NAME = sys.argv[2] if len(sys.argv) > 2 else "nosuch"
JSON = b"Content-Type: application/json\r\n"


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(15)
    client.connect(PATH)
    return client


def answer_of(client, limit=65536):
    data = b""
    with contextlib.suppress(OSError):
        while len(data) < limit:
            part = client.recv(65536)
            if not part:
                break
            data += part
            if b"\r\n\r\n" in data:
                break
    return data


def status_of(data):
    words = data.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[0] == b"HTTP/1.1" and words[1].isdigit() else 0


def ask(data, half_close=False):
    with contextlib.closing(connect()) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(data)
            if half_close:
                client.shutdown(socket.SHUT_WR)
        return answer_of(client)


def post(path, body, head=b""):
    return (b"POST " + path + b" HTTP/1.1\r\nHost: d\r\n" + JSON + head +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def get(path, head=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: d\r\n" + head + b"\r\n"


def create(**members):
    return post(b"/v1.44/containers/create", json.dumps({"Image": "busybox", **members}).encode())


NESTED = b"[" * 100000
C = NAME.encode()

# (what, bytes, statuses that are right; 0 stands for a closed connection)
REFUSED = [
    ("garbage", os.urandom(4096), {0, 400, 408, 431}),
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500) + b"\r\n\r\n", {0, 400}),
    ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 505}),
    ("an endless header line", b"GET / HTTP/1.1\r\nA: " + b"a" * 4000000, {0, 431}),
    ("an endless path", get(b"/" + b"a" * 1000000), {0, 400, 414, 431}),
    ("many headers", get(b"/_ping", b"".join(b"X-%d: 1\r\n" % i for i in range(10000))), {0, 400, 431}),
    ("a bare LF", b"GET /_ping HTTP/1.1\nHost: d\n\n", {0, 400, 408}),
    ("a folded header", get(b"/_ping", b"A: b\r\n c\r\n"), {400}),
    ("two lengths", b"POST /auth HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
    ("length and chunks", b"POST /auth HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("a negative length", b"POST /auth HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n", {400}),
    ("a vast length", b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n" + JSON + b"Content-Length: 99999999999999\r\n\r\n{}", {400, 413}),
    ("an overflowing length", b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n" + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n{}", {400, 413}),
    ("a bad chunk", b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
    ("a huge chunk", b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", {400, 413}),
    ("an unknown encoding", b"POST /auth HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: gzip\r\n\r\n", {400, 501}),
    ("a NUL in the path", get(b"/containers/%00/json"), {400, 404}),
    ("a raw NUL in the path", get(b"/containers/\0/json"), {400}),
    ("folders in an id", get(b"/containers/..%2F..%2Fetc/json"), {400, 404}),
    ("folders in an exec id", get(b"/exec/..%2F..%2Fdb.sqlite/json"), {400, 404}),
    ("a bad escape", get(b"/containers/%zz/json"), {400, 404}),
    ("no such version", get(b"/v99999999999999999999.1/info"), {400, 404}),
    ("a version too new", get(b"/v1.999/info"), {400}),
    ("a version too old", get(b"/v1.1/info"), {400}),
    ("an unknown method", b"FROB /info HTTP/1.1\r\nHost: d\r\n\r\n", {400, 404, 405, 501}),
    ("a proxy's request", b"GET http://example.com/info HTTP/1.1\r\nHost: example.com\r\n\r\n", {400, 403, 404}),
    ("a web page", get(b"/info", b"Origin: http://evil.example\r\n"), {403}),
    ("another host", b"GET /info HTTP/1.1\r\nHost: evil.example\r\n\r\n", {403}),
    ("deep nesting", post(b"/v1.44/containers/create", NESTED), {400}),
    ("no JSON", post(b"/v1.44/containers/create", b"\xff\xfe\x00{"), {400}),
    ("an array", post(b"/v1.44/containers/create", b"[]"), {400}),
    ("a member twice", post(b"/v1.44/containers/create", b'{"Image":"a","Image":"b"}'), {400}),
    ("a body too large", post(b"/v1.44/containers/create", b'{"Image":"' + b"a" * 40000000 + b'"}'), {0, 400, 413}),
    ("wrong types", create(Cmd=5, HostConfig="x"), {400}),
    ("a NUL in a word", create(Cmd=["a\0b"], HostConfig={"NetworkMode": "none"}), {400}),
    ("a NUL in a variable", create(Env=["A=\0"], HostConfig={"NetworkMode": "none"}), {400}),
    ("a name with folders", post(b"/v1.44/containers/create?name=..%2Fx", b'{"Image":"busybox"}'), {400}),
    ("numbers out of range", create(HostConfig={"Memory": 1e300}), {400}),
    ("a negative stop timeout", create(StopTimeout=-5), {400}),
    ("a port out of range", create(ExposedPorts={"99999/tcp": {}}), {400}),
    ("a relative bind", create(HostConfig={"Binds": ["../../etc:/x"]}), {400}),
    ("a mount over nothing", create(HostConfig={"Binds": ["/etc:relative"]}), {400}),
    ("a bad tail", get(b"/containers/" + C + b"/logs?stdout=1&tail=many"), {200, 400, 404}),
    ("a bad since", get(b"/containers/" + C + b"/logs?stdout=1&since=yesterday"), {400, 404}),
    ("a bad signal", b"POST /containers/" + C + b"/kill?signal=999 HTTP/1.1\r\nHost: d\r\n\r\n", {400, 404}),
    ("a bad filter", get(b"/containers/json?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D"), {400}),
    ("a bad filter document", get(b"/containers/json?filters=%5B%5B%5B"), {400}),
    ("a bad resize", b"POST /containers/" + C + b"/resize?h=-1&w=99999999999 HTTP/1.1\r\nHost: d\r\n\r\n", {400, 404}),
    ("a bad condition", b"POST /containers/" + C + b"/wait?condition=never HTTP/1.1\r\nHost: d\r\n\r\n", {400, 404}),
    ("a bad image name", b"POST /images/create?fromImage=..%2F..%2Fetc HTTP/1.1\r\nHost: d\r\n\r\n", {400, 404}),
    ("bad credentials", b"POST /images/create?fromImage=127.0.0.1:1/x HTTP/1.1\r\nHost: d\r\nX-Registry-Auth: %%%%\r\n\r\n", {400}),
    ("no archive", b"POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\nContent-Length: 4096\r\n\r\n" + os.urandom(4096), {200, 400, 500}),
]

# Cut off in the middle: nothing need be answered, nobody may be harmed.
CUT = [
    get(b"/_ping")[:-2],
    b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n" + JSON + b"Content-Length: 1000\r\n\r\n{\"Im",
    b"POST /images/load HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\nabc",
    b"POST /containers/" + C + b"/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nabc",
    b"POST /containers/" + C + b"/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\n\r\n",
    get(b"/containers/" + C + b"/logs?stdout=1&follow=1"),
    b"",
]


def alive():
    data = ask(get(b"/_ping"))
    return status_of(data) == 200


def mutations(count):
    """Well-formed requests with a few bytes changed."""
    chance = random.Random(7)
    seeds = [get(b"/v1.44/containers/json?all=1"), create(Cmd=["true"], Tty=True),
             post(b"/v1.44/containers/" + C + b"/exec", b'{"Cmd":["true"]}')]
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        yield bytes(data)


def main():
    bad = []
    for what, data, right in REFUSED:
        status = status_of(ask(data))
        if status not in right:
            bad.append(f"{what}: answered {status}, not one of {sorted(right)}")
        if not alive():
            bad.append(f"{what}: the service is gone")
            break
    for number, data in enumerate(CUT):
        with contextlib.closing(connect()) as client:
            client.sendall(data)
        if not alive():
            bad.append(f"cut {number}: the service is gone")
    for data in mutations(300):
        ask(data, half_close=True)
    crowd = [connect() for _ in range(200)]
    if not alive():
        bad.append("a crowd that says nothing keeps others out")
    for client in crowd:
        client.close()
    if not alive():
        bad.append("the service did not survive the crowd")
    for line in bad:
        print(line)
    return 1 if bad else 0


sys.exit(main())
