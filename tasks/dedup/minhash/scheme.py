"""How signatures were made, written into the files that hold them and checked where they are read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import StageError
from tasks.text import FOLDING

if TYPE_CHECKING:
    from tasks.dedup.config import Config
    from tasks.text import Ngram

SCHEME = "affine32"  # as datasketch 2 calls it
HASH = "xxh32"
VERSION = 1  # of everything that is computed from folded words: shingles, sketches, band hashes, digests
KEY = b"smelt.signatures"


def scheme(config: Config) -> dict[str, Any]:
    """What the values of signatures depend on besides the texts."""
    settings = {name: value for name, value in config.identity().items() if name != "sketches"}
    return {
        "version": VERSION,
        "folding": FOLDING,
        "digest": "xxh3-128",
        "minhash": SCHEME,
        "hash": HASH,
        "permutations": config.bands * config.rows,
        **settings,
    }


def metadata(config: Config) -> dict[bytes, bytes]:
    """`scheme` as the key-value metadata of a Parquet schema."""
    return {KEY: json.dumps(scheme(config), sort_keys=True).encode()}


def check_scheme(paths: Iterable[str | Path], ngram: Ngram | None = None) -> dict[str, Any]:
    """The scheme that all files of signatures share. Raises StageError where they differ, or where this program makes
    others: what was folded, hashed or shingled in two ways must not be compared."""
    import pyarrow.parquet as pq

    wanted: dict[str, Any] = {"version": VERSION, "folding": FOLDING, "minhash": SCHEME, "hash": HASH}
    wanted |= {} if ngram is None else {"ngram": ngram}
    for path in paths:
        raw = (pq.read_schema(path).metadata or {}).get(KEY)
        found = {} if raw is None else json.loads(raw)
        for name, value in wanted.items():
            if found.get(name) != value:
                raise StageError(
                    f"dedup: {path} has signatures with {name} {found.get(name)!r}, not {value!r}; "
                    "run `smelt rerun dedup`."
                )
        wanted = found
    return wanted
