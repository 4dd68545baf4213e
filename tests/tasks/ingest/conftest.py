"""WARC records written by hand, and the inputs that the frame would give to a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.node import Input


def make_record(
    body: bytes,
    kind: str = "response",
    url: str = "http://example.com/",
    number: int = 1,
    length: int | None = None,
    content_type: str = "application/http; msgtype=response",
) -> bytes:
    """A WARC record; `length` is a wrong Content-Length."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"WARC-Date: 2020-02-03T04:05:06Z\r\nWARC-Target-URI: {url}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def make_page(
    text: str, number: int = 1, *, status: str = "200 OK", fields: str = "", length: int | None = None
) -> bytes:
    """A response record with an HTML page that says `text`."""
    body = f"<html><head><title>T</title></head><body><p>{text}</p></body></html>".encode()
    http = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{fields}\r\n".encode() + body
    return make_record(http, url=f"http://example.com/{number}", number=number, length=length)


@pytest.fixture
def record() -> Callable[..., bytes]:
    return make_record


@pytest.fixture
def page() -> Callable[..., bytes]:
    return make_page


class LocalInputs:
    """Files below one folder, fingerprinted by content."""

    def __init__(self, root: Path):
        self.root = root

    def __getitem__(self, name: str) -> list[Input]:
        raise KeyError(name)

    def resolve(self, path: str) -> Path:
        return self.root / path

    def file(self, path: Path, name: str) -> Input:
        return Input(name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def inputs(tmp_path: Path) -> LocalInputs:
    return LocalInputs(tmp_path)


@pytest.fixture
def file() -> Callable[[Path], Input]:
    """An Input for a file, named like the file."""
    return lambda path, name=None: Input(name or path.name, str(path), "digest")
