"""Every record of ../shared/data/warc, many of them odd or damaged, against a plain scan and against fastwarc."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tasks.document import Document, Loss
from tasks.ingest.warc.source import read_warc
from tasks.io.container import chunks

DATA = Path(__file__).parents[5] / "shared" / "data" / "warc"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here"),
]

WARC_RECORD = re.compile(rb"(?:\A|\n)WARC/")
ARC_RECORD = re.compile(rb"(?:\A|\n)[a-z]+:\S[^\r\n]* (?:\d{14,18}|null) \S+ -?\w+\r?\n")

# What fastwarc 2.0.1 makes of a file where its records aren't ours: how many it gives, and why.
ELSEWHERE = {
    "aut/arc/badexample.arc.gz": (0, "ARC: it reads no ARC"),
    "warcio/bad.arc": (0, "ARC"),
    "warcio/example-space-in-url.arc": (0, "ARC"),
    "warcio/example.arc": (0, "ARC"),
    "warcio/example.arc.gz": (0, "ARC"),
    "warcio/hist-68c2e8-space-in-url.arc": (0, "ARC"),
    "warcio/example-trunc.warc": (3, "a length beyond the record's end swallows the record that follows"),
    "warcio/hist-a928a4-standard-torture-validate-field.warc": (1, "stops at the bad version line"),
}
NO_ARCHIVES = {"not-warc"}


def files() -> list[Path]:
    return [path for path in sorted(DATA.rglob("*")) if path.is_file() and "derived-html" not in str(path)]


@cache
def read(path: Path) -> list[Document | Loss]:
    return list(read_warc(path))


def reason(item: Document | Loss) -> str:
    return item.reason if isinstance(item, Loss) else "document"


def test_there_is_a_row_for_every_record_and_one_for_what_is_no_archive() -> None:
    total: Counter[str] = Counter()
    for path in files():
        with path.open("rb") as stream:
            data = b"".join(piece for piece in chunks(stream) if isinstance(piece, bytes))
        items = read(path)
        pattern = WARC_RECORD if b"WARC/" in data else ARC_RECORD
        assert len(items) == max(len(pattern.findall(data)), 1), path.name
        assert len({item.id if isinstance(item, Document) else item.where for item in items}) == len(items)
        total.update(map(reason, items))
    assert total["document"] > 180
    assert total["filedesc"] == 5  # bad.arc's own is too long
    assert (total["bad-version"], total["bad-header"], total["bad-length"]) == (1, 2, 3)
    assert (total["wrong-length"], total["truncated"]) == (3, 3)


def test_fastwarc_gives_as_many_records_or_fewer_for_a_known_reason() -> None:
    from fastwarc.warc import ArchiveIterator

    different = {}
    for path in files():
        items = read(path)
        if {reason(item) for item in items} <= NO_ARCHIVES:
            continue
        found = 0
        try:
            for _ in ArchiveIterator(str(path), parse_http=False):
                found += 1
        except OSError:
            pass
        if found != len(items):
            different[path.relative_to(DATA).as_posix()] = found
    assert different == {name: count for name, (count, _) in ELSEWHERE.items()}
