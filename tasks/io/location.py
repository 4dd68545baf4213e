"""Where a source's files lie: paths of this machine, or addresses (https://, http://, s3://, whatever fsspec knows).

An address may carry credentials (`https://name:password@host/`, signed queries). They are used and never shown:
messages, records and manifests hold `shown(address)`.
"""

from __future__ import annotations

import re
from pathlib import Path, PosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from tasks.regular import unlinked

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_MAGIC = re.compile(r"[*?\[]")
_SECRETS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+://)(?:[^/?#\s\"'\\]*@)?([^?#\s\"'\\]*)(?:[?#][^\s\"'\\]*)?")


def is_remote(path: str | Path) -> bool:
    """Whether a path of the configuration is an address.

    >>> is_remote("s3://bucket/a.jsonl"), is_remote("data/a.jsonl")
    (True, False)
    """
    return isinstance(path, str) and bool(_ADDRESS.match(path))


def is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def shown(text: str) -> str:
    """Text with credentials, queries and fragments taken out of the addresses in it.

    >>> shown("https://me:secret@example.com/a.gz?token=1: refused")
    'https://example.com/a.gz refused'
    """
    return _SECRETS.sub(r"\1\2", text)


def file_name(address: str) -> str:
    """The last part of an address's path, or its host.

    >>> file_name("https://example.com/data/a%20b.jsonl.gz?x=1"), file_name("https://example.com/")
    ('a b.jsonl.gz', 'example.com')
    """
    parts = urlsplit(address)
    return unquote(parts.path).rstrip("/").rsplit("/", 1)[-1] or parts.hostname or address


def is_pattern(address: str) -> bool:
    """Whether an address stands for several files: a folder, `.../`, or a glob."""
    return address.endswith("/") or bool(_MAGIC.search(address))


def root_of(pattern: str) -> str:
    """The fixed part of a folder or glob; names of its files are relative to it.

    >>> root_of("s3://bucket/a/b*/c.gz"), root_of("s3://bucket/a/")
    ('s3://bucket/a/', 's3://bucket/a/')
    """
    magic = _MAGIC.search(pattern)
    return pattern[: magic.start() if magic else None].rpartition("/")[0] + "/"


def join(base: str, path: str) -> str:
    """The address of a relative path below a base address; a query of the base goes with it.

    >>> join("s3://commoncrawl/", "crawl-data/x.gz"), join("http://h/a?key=1", "b")
    ('s3://commoncrawl/crawl-data/x.gz', 'http://h/a/b?key=1')
    """
    head, question, query = base.partition("?")
    return f"{head.rstrip('/')}/{path}{question}{query}"


class RealPath(PosixPath):
    """A path without a link in it, as it was when the file was found: `open` raises OSError where that has changed."""

    def open(self, mode: str = "rb", *_: Any) -> IO[bytes]:  # type: ignore[override]
        if mode != "rb":
            raise ValueError(f"inputs are read as bytes, not {mode!r}")
        return open(self, "rb", opener=unlinked)
