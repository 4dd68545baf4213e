"""Blocklists for URLs, and what a URL is measured as against them.

Lists are files of one entry a line (`#` begins a comment; .gz too), or folders in the format of the University of
Toulouse's blacklists (UT1): files `domains` and `urls` in a folder for each category. Of an entry 64 bits of hash
are kept, eight bytes, so that UT1's five million hosts take 40 MB: of a billion URLs that are looked up, one in ten
thousand times one is taken for a listed one.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tasks.errors import ConfigError, StageError
from tasks.filter.urls.canonical import canonical_url, host_of
from tasks.node import Config as NodeConfig
from tasks.node import Input, Inputs, not_identity

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KINDS = ("hosts", "urls", "hard_words", "soft_words", "subwords")
PATHS = 16  # slashes up to which a URL's path is looked up
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_MARKED = re.compile(r"[^\w\s]|_")
# UT1's names of files -> kind of list.
_UT1 = {"domains": "hosts", "domains.gz": "hosts", "urls": "urls", "urls.gz": "urls"}


class Config(NodeConfig):
    """Which lists URLs are held against. The content of files is identity, their paths aren't.

    own: the small lists that come with smelt (`url_words`). folders: UT1 folders, read through. The rest: files;
    hosts cover their subdomains, urls whatever is below them. A subword is looked for in the URL without its marks; one
    that has marks itself, other than spaces, in the URL as it is: "g-spot" is in no "blogspot".
    DCLM's lists fit: its domains are hosts, its strict words subwords, its hard and soft ones hard_words, soft_words.
    """

    own: bool = True
    folders: tuple[str, ...] = not_identity(())
    hosts: tuple[str, ...] = not_identity(())
    urls: tuple[str, ...] = not_identity(())
    hard_words: tuple[str, ...] = not_identity(())
    soft_words: tuple[str, ...] = not_identity(())
    subwords: tuple[str, ...] = not_identity(())


def list_inputs(config: Config, inputs: Inputs) -> dict[str, list[Input]]:
    """The files of each kind of list, as a shard's inputs "url_<kind>"; kinds without files are left out."""
    found: dict[str, list[Path]] = {
        kind: [inputs.resolve(path) for path in getattr(config, kind)] for kind in KINDS
    }
    for name in config.folders:
        folder = inputs.resolve(name)
        files = sorted(path for path in folder.rglob("*") if path.name in _UT1 and path.is_file())
        if not files:
            raise ConfigError(
                f"filter.url_lists.folders: {folder} holds no file `domains` or `urls`; name a UT1 folder, or files "
                "in filter.url_lists.hosts and .urls."
            )
        for path in files:
            found[_UT1[path.name]].append(path)
    result = {}
    for kind, paths in found.items():
        try:
            files_of = [inputs.file(path, kind) for path in paths]
        except OSError as error:
            raise ConfigError(
                f"filter.url_lists.{kind}: {error.filename} can't be read: {error.strerror}"
            ) from None
        if files_of:
            result[f"url_{kind}"] = sorted(files_of, key=lambda file: file.digest)
    return result


@dataclass(frozen=True)
class UrlLists:
    """Entries of each kind: small lists as sets, files of hosts and URLs as sorted hashes (uint64)."""

    words: dict[str, frozenset[str]]
    hosts: frozenset[str] = frozenset()
    hashed: dict[str, np.ndarray] = field(default_factory=dict)

    def measure(self, url: str | None) -> Measured:
        """What a URL is. One that is none, or null, has no host and hits nothing."""
        canonical = canonical_url(url) if url else None
        if canonical is None:
            return Measured()
        host = host_of(canonical)
        listed = next(
            (name for name in _suffixes(host) if name in self.hosts or self._has("hosts", name)), None
        )
        page = next((name for name in _prefixes(canonical, host) if self._has("urls", name)), None)
        plain = _plain(canonical)
        words = set(_NOT_WORD.split(plain))
        hard = self.words["hard_words"] & words
        soft = self.words["soft_words"] & words
        joined = _NOT_WORD.sub("", plain)
        sub = [word for word in self.words["subwords"] if word in joined]
        sub += [word for word in self.words["marked_subwords"] if word in plain]
        first = (
            f"host {listed}" if listed else f"url {page}" if page else
            ", ".join(sorted(hard) or sorted(soft) or sorted(sub)) or None
        )  # fmt: skip
        return Measured(
            host, int(listed is not None), int(page is not None), len(hard), len(soft), len(sub), first
        )

    def _has(self, kind: str, name: str) -> bool:
        hashes = self.hashed.get(kind)
        if hashes is None:
            return False
        import numpy as np

        value = np.uint64(_hash(name.encode()))
        at = int(np.searchsorted(hashes, value))
        return at < len(hashes) and hashes[at] == value


@dataclass(frozen=True)
class Measured:
    """The URL's signals. match: what was hit, for a person to read."""

    url_host: str | None = None
    url_listed_hosts: int = 0
    url_listed_urls: int = 0
    url_hard_words: int = 0
    url_soft_words: int = 0
    url_subwords: int = 0
    url_match: str | None = None


def _suffixes(host: str) -> Iterator[str]:
    """A host and the domains that it lies in, down to the top-level one; an address only itself.

    >>> list(_suffixes("a.b.org"))
    ['a.b.org', 'b.org', 'org']
    """
    yield host
    if ":" in host or host.replace(".", "").isdigit():
        return
    while "." in host:
        host = host.split(".", 1)[1]
        yield host


def _prefixes(canonical: str, host: str) -> Iterator[str]:
    """The URL without its scheme and `www.`, and what it lies below: how lists write URLs."""
    rest = canonical.split("://", 1)[1]
    rest = rest.removeprefix("www.")
    yield rest.rstrip("/")
    path = rest.partition("?")[0]
    at = path.find("/")
    for _ in range(PATHS):
        at = path.find("/", at + 1)
        if at < 0:
            break
        yield path[:at]
    if path != rest:
        yield path.rstrip("/")


def _plain(canonical: str) -> str:
    """What words are looked for in: the URL without its scheme, escapes decoded, in small letters."""
    text = canonical.split("://", 1)[1]
    return (unquote(text, errors="replace") if "%" in text else text).lower()


def _hash(name: bytes) -> int:
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "little")


@cache
def own_lists() -> dict[str, frozenset[str]]:
    """smelt's own lists by kind: hosts, hard_words, soft_words, subwords."""
    import yaml

    lists = yaml.load(Path(__file__).with_name("own_lists.yaml").read_bytes(), yaml.CSafeLoader)
    return {kind: frozenset(entries.split()) for kind, entries in lists.items()}


def load_lists(own: bool, inputs: Any) -> UrlLists:
    """The lists of a shard: its inputs "url_<kind>", read once by a process for all its shards."""
    files = tuple((kind, file.path, file.digest) for kind in KINDS for file in inputs.get(f"url_{kind}", ()))
    return _load(own, files)


@lru_cache(maxsize=2)
def _load(own: bool, files: tuple[tuple[str, str, str], ...]) -> UrlLists:
    import numpy as np

    paths: dict[str, list[str]] = {kind: [path for name, path, _ in files if name == kind] for kind in KINDS}
    words = {
        "marked_subwords": frozenset(filter(_MARKED.search, map(str.lower, _entries(paths["subwords"]))))
    }
    for kind in ("hard_words", "soft_words", "subwords"):
        given = (entry.lower() for entry in _entries(paths[kind]))
        entries = {_NOT_WORD.sub("", entry) for entry in given if entry not in words["marked_subwords"]} - {
            ""
        }
        words[kind] = frozenset(entries | (own_lists()[kind] if own else set()))
    hashed = {}
    for kind, key in (("hosts", _host_key), ("urls", _url_key)):
        if paths[kind]:
            values = (_hash(name.encode()) for entry in _entries(paths[kind]) if (name := key(entry)))
            hashed[kind] = np.unique(np.fromiter(values, dtype=np.uint64))
    return UrlLists(words, own_lists()["hosts"] if own else frozenset(), hashed)


def _entries(paths: Iterable[str]) -> Iterator[str]:
    """The lines of files, without comments and empty ones."""
    for path in paths:
        try:
            with open(path, "rb") as raw:
                packed = raw.read(2) == b"\x1f\x8b"
            with gzip.open(path, "rb") if packed else open(path, "rb") as lines:
                for line in lines:
                    entry = line.decode("utf-8", "replace").strip()
                    if entry and not entry.startswith("#"):
                        yield entry
        except (OSError, EOFError, zlib.error) as error:
            raise StageError(f"{path}, a list of filter.url_lists, can't be read: {error}") from error


def _host_key(entry: str) -> str | None:
    """The host that an entry means: `example.com`, `.example.com`, `http://example.com/`.

    >>> _host_key(".Example.com")
    'example.com'
    """
    if entry.isascii() and "/" not in entry and ":" not in entry:
        return entry.strip(".").lower()
    canonical = canonical_url(entry if "://" in entry else "http://" + entry.lstrip("."))
    return host_of(canonical) if canonical else None


def _url_key(entry: str) -> str | None:
    canonical = canonical_url(entry if "://" in entry else f"http://{entry}")
    return next(_prefixes(canonical, "")) if canonical else None


def schema() -> list[tuple[str, pa.DataType]]:
    """Name and type of each signal."""
    import pyarrow as pa

    text = ("url_host", "url_match")
    return [(name, pa.string() if name in text else pa.int64()) for name in Measured.__dataclass_fields__]


def measure(urls: pa.Array, lists: UrlLists) -> list[pa.Array]:
    """The signals of a column of URLs, in the order of `schema`."""
    import pyarrow as pa

    found: Sequence[Measured] = [lists.measure(url) for url in urls.to_pylist()]
    return [pa.array([getattr(item, name) for item in found], kind) for name, kind in schema()]
