"""Common Crawl by the name of a crawl: the WARC or WET files of its list of paths, all or a sample.

A crawl's list, `crawl-data/<crawl>/warc.paths.gz`, names its files relative to the same base (commoncrawl.org, "Get
Started"). A file's name, part of its documents' ids, is its path in the list, so ids are the same from every mirror.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_serializer, model_validator

from tasks.errors import ConfigError, StageError
from tasks.ingest.source import real
from tasks.ingest.warc import source as warc
from tasks.io import is_remote, join, shown
from tasks.node import Input, Inputs, not_identity
from tasks.record import Document, Loss
from tasks.regular import regular

VERSION = warc.VERSION
PACKAGES = warc.PACKAGES
SHARED = None  # a larger sample leaves the shards of the smaller one as they are
LIST_BYTES = 256 << 20  # a list of 100,000 paths has 14 MB
_PATH = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))(?!.*//)[!-~]+")


class Source(warc.Source):
    """The files of a crawl, and every key of kind `warc`; `crawl` takes the place of `paths`.

    crawl: its name, `CC-MAIN-2024-22`. format: `warc` (pages) or `wet` (their text as Common Crawl extracted it).
    files: how many, drawn with `seed`; null for all. More files keep those drawn before.
    base_url: what the list's paths are relative to: `https://data.commoncrawl.org/`, `s3://commoncrawl/`, a mirror,
        a local folder.
    paths_file: the list, if it isn't the crawl's own: a path or an address.
    """

    kind: Literal["common_crawl"] = "common_crawl"  # type: ignore[assignment]
    paths: list[str] = Field(default_factory=list, exclude=True, json_schema_extra={"identity": False})
    crawl: str = not_identity("", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$")
    format: Literal["warc", "wet"] = not_identity("warc")
    files: int | None = not_identity(None, ge=1)
    seed: int = not_identity(1)
    base_url: str = not_identity("https://data.commoncrawl.org/", min_length=1)
    paths_file: str | None = not_identity(None)

    @classmethod
    def of_shard(cls, config: Mapping[str, Any]) -> Self:
        """Which files a source has is no part of a shard: a larger sample leaves the shards of the smaller alone."""
        return cls.model_validate({**config, "crawl": "any"})

    @model_validator(mode="after")
    def _names_a_crawl(self) -> Self:
        if "paths" in self.model_fields_set:
            raise ValueError(
                "common_crawl has crawl, base_url and paths_file, not paths; kind warc has paths"
            )
        if not self.crawl and not self.paths_file:
            raise ValueError("crawl is missing: the name of a crawl, such as CC-MAIN-2024-22")
        return self

    @field_serializer("base_url", "paths_file")
    def _shown(self, address: str | None) -> str | None:
        return address and shown(address)

    @property
    def list_place(self) -> str:
        """Where the list of paths lies: a path or an address."""
        return self.paths_file or join(self.base_url, f"crawl-data/{self.crawl}/{self.format}.paths.gz")


def find(source: Source, inputs: Inputs) -> Iterator[tuple[str, Path | str]]:
    """(path in the list, where it lies) of the files that the source takes."""
    where = source.list_place
    file = inputs.copy(where) if is_remote(where) else inputs.resolve(where)
    paths = read_paths(file, shown(where))
    if source.files is not None and source.files > len(paths):
        raise ConfigError(
            f"ingest: source {source.name!r}: files is {source.files:,}, but {shown(where)} names {len(paths):,}"
        )
    for path in sample(paths, source.files, source.seed):
        address = join(source.base_url, path)
        yield path, address if is_remote(address) else real(inputs.resolve(address))


def sample(paths: Sequence[str], count: int | None, seed: int) -> list[str]:
    """`count` of the paths, sorted; a larger count gives a superset. None gives all.

    The order of drawing is that of sha256 over seed and path, so it depends on no other path in the list.
    """
    if count is None:
        return sorted(paths)
    drawn = sorted(paths, key=lambda path: hashlib.sha256(f"{seed}\0{path}".encode()).digest())
    return sorted(drawn[:count])


def read_paths(file: Path, where: str) -> list[str]:
    """The paths of a list, plain or gzip. Raises ConfigError for a list that can't be read, StageError for a bad one."""
    try:
        with open(file, "rb", opener=regular) as stream:
            data = stream.read()
    except OSError as error:
        raise ConfigError(
            f"ingest: the list of paths {where} can't be read ({error.strerror}). Correct crawl, base_url or paths_file."
        ) from None
    paths = list(dict.fromkeys(line.strip() for line in _text(data, where).splitlines() if line.strip()))
    for path in paths:
        if not _PATH.fullmatch(path):
            raise StageError(f"ingest: {where} is no list of paths: {path[:80]!r} is no relative path")
    if not paths:
        raise StageError(f"ingest: the list of paths {where} is empty")
    return paths


def _text(data: bytes, where: str) -> str:
    try:
        if data.startswith(b"\x1f\x8b"):
            unit = zlib.decompressobj(31)
            data = unit.decompress(data, LIST_BYTES)
            if unit.unconsumed_tail:
                raise StageError(f"ingest: {where} is no list of paths: more than {LIST_BYTES:,} bytes")
            if not unit.eof:
                raise StageError(f"ingest: the list of paths {where} is cut off")
        return data.decode("ascii")
    except (zlib.error, UnicodeDecodeError):
        raise StageError(f"ingest: {where} is no list of paths") from None


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    return warc.read(source, file, sides)
