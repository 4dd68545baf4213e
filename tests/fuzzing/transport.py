"""The HTTP transport under mutated answers, without a server: connections give what a case says.

Law: a read gives exactly as many bytes as the version says, or raises one of our own errors, within bounded tries.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from random import Random
from typing import Any
from unittest import mock

from fuzzing.case import Case, Target
from fuzzing.mutations import mutate

from tasks.errors import SmeltError
from tasks.io import http_body, remote_file
from tasks.io.answers import Refused
from tasks.io.object_version import Version
from tasks.io.retry import Patience

SIZE = 5000
CONTENT = bytes(range(256)) * 20
TOKENS = [
    b"HTTP/1.1 206 Partial Content\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 301 Moved\r\n", b"Location: /y\r\n",
    b"Location: http://user:pw@b.example:99999/\r\n", b"Location: ftp://c/\r\n", b"Location: //[\r\n", b"Content-Range: bytes 0-0/*\r\n",
    b"Content-Range: bytes 9-1/5000\r\n", b"Content-Range: bytes */5000\r\n", b"Content-Length: -5\r\n", b"ETag: W/\"x\"\r\n",
    b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n", b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"Retry-After: 99999999999999\r\n",
    b"Retry-After: Thu, 99 Jan 1970\r\n", b"Content-Length: \xb2\r\n", b"X: " + b"y" * 70_000 + b"\r\n", b"\0", b"\n",
    b"Content-Range: bytes 0-\xd9\xa3/5000\r\n",
]  # fmt: skip


def answer(status: str, fields: dict[str, Any], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def _answers(start: int) -> list[bytes]:
    etag = {"ETag": '"x"'}
    content = CONTENT[:SIZE]
    return [
        answer("206 Partial Content", etag | {"Content-Range": f"bytes {start}-{SIZE - 1}/{SIZE}",
                                              "Content-Length": SIZE - start}, content[start:]),
        answer("200 OK", etag | {"Content-Length": SIZE}, content),
        answer("200 OK", {"Last-Modified": "x", "Content-Length": SIZE}, content),
        answer("416 Range Not Satisfiable", {"Content-Range": f"bytes */{SIZE}"}, b""),
        answer("412 Precondition Failed", {}, b""),
        answer("503 Slow Down", {"Retry-After": "5"}, b""),
        answer("302 Found", {"Location": "/elsewhere"}, b""),
        answer("404 Not Found", {}, b"none"),
    ]  # fmt: skip


def _http(draw: Random) -> Case:
    parts = []
    for _ in range(draw.randrange(1, 7)):
        good = _answers(draw.choice((0, 0, 0, 1, 2500, SIZE - 1)))
        data = draw.choice(good[:2] + good)
        parts.append(mutate(draw, data, good, TOKENS) if draw.random() < 0.7 else data)
    return Case("http", b"".join(parts), {"sizes": [len(part) for part in parts], "ask": draw.random() < 0.4})


class Canned:
    """A socket that has sent all it will."""

    def __init__(self, data: bytes):
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)

    def sendall(self, data: bytes) -> None:
        bytes(data).decode("latin-1")

    def settimeout(self, seconds: float | None) -> None: ...
    def shutdown(self, how: int) -> None: ...
    def close(self) -> None: ...


@contextlib.contextmanager
def connections(answers: list[bytes]) -> Iterator[None]:
    """Every connection gives the next answer; when there is none left, it is refused."""

    def connect(connection: Any) -> None:
        if not answers:
            raise ConnectionRefusedError(111, "Connection refused")
        connection.sock = Canned(answers.pop(0))

    with mock.patch.object(http_body._Connection, "connect", connect, create=True), \
         mock.patch.dict("os.environ", {"no_proxy": "*"}):  # fmt: skip
        yield


def check_http(case: Case) -> None:
    answers, at = [], 0
    for size in case.settings["sizes"]:
        answers.append(case.data[at : at + size])
        at += size
    patience = Patience(tries=3, sleep=lambda _: None, draw=lambda: 0.0)
    with connections(answers):
        version = Version(SIZE, '"x"', True)
        if case.settings["ask"]:
            try:
                version = remote_file.ask("http://a.example/x", patience)
            except (SmeltError, Refused):
                return
            assert Version.parse(version.digest) is not None, "a digest that isn't read back"
            if (
                version.size > 1 << 20
            ):  # what a server claims isn't set aside; reading it is the reader's affair
                return
        try:
            with remote_file.RemoteFile("http://a.example/x", version, patience) as file:
                data = file.read()
        except SmeltError:
            return
        assert len(data) == version.size, "another length than the version's"


TRANSPORT = {"http": Target(_http, check_http, 1)}
