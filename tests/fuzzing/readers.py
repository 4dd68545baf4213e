"""The readers of sources under mutated files: every kind, in a process that may die.

Laws: nothing is raised; records = documents + losses, in the metrics, in the table of files and in the ledger; ids are
unique; text is not blank and valid UTF-8; the same file gives the same again.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import PACKERS, mutate, packed
from fuzzing.tokens import (
    BOOK_TOKENS,
    CODE_TOKENS,
    CSV_TOKENS,
    HTML_TOKENS,
    JSON_TOKENS,
    PARQUET_TOKENS,
    WARC_TOKENS,
)

from tasks.document import Document, Loss
from tasks.errors import ConfigError, StageError
from tasks.ingest import kinds
from tasks.ingest.node import process
from tasks.ingest.warc.common_crawl import read_paths
from tasks.node import Input, Shard


def _names(draw: Random, *names: str) -> str:
    return draw.choice(names)


def _warc(draw: Random) -> Case:
    settings: dict[str, Any] = {"kind": draw.choice(("warc", "warc", "common_crawl")), "name": "x.warc.gz"}
    settings["keys"] = {"engine": draw.choice(("fast", "fast", "fast", "resiliparse", "trafilatura")),
                        "digests": draw.choice(("check", "drop", "ignore"))}  # fmt: skip
    whole = seeds.whole_archives()
    if whole and draw.random() < 0.15:
        return Case("warc", mutate(draw, draw.choice(whole), whole, WARC_TOKENS), settings)
    parts = draw.choice(seeds.records())
    chosen = [draw.choice(parts) for _ in range(draw.choice((1, 1, 2, 3, 6)))]
    chosen = [
        mutate(draw, part, parts, WARC_TOKENS + HTML_TOKENS) if draw.random() < 0.5 else part
        for part in chosen
    ]
    data = packed(draw, chosen, ("gzip", "gzip", "zstd", "lz4"))
    if draw.random() < 0.3:
        data = mutate(draw, data, [], WARC_TOKENS)
    return Case("warc", data, settings)


def _rows(kind: str, found: list[bytes], tokens: list[bytes], draw: Random) -> Case:
    data = mutate(draw, draw.choice(found), found, tokens)
    data = packed(draw, [data] if draw.random() < 0.8 else [data, draw.choice(found)])
    if draw.random() < 0.2:
        data = mutate(draw, data, [], [])
    columns = draw.choice(
        (
            {},
            {},
            {"metadata": ["meta", "n", "id"]},
            {"text": "meta.url", "id": "a.b"},
            {"text": "messages.0.content"},
        )
    )
    keys: dict[str, Any] = {"columns": columns, "document_kind": draw.choice(("web", "text"))}
    if kind == "csv":
        keys |= draw.choice(
            (
                {},
                {},
                {"header": False, "columns": {"text": 1}},
                {"quote": None},
                {"escape": "\\"},
                {"delimiter": ";"},
            )
        )
    return Case(kind, data, {"kind": kind, "name": _names(draw, "x.jsonl", "x", "x.csv.gz"), "keys": keys})


def _jsonl(draw: Random) -> Case:
    return _rows("jsonl", seeds.json_lines(), JSON_TOKENS, draw)


def _csv(draw: Random) -> Case:
    return _rows("csv", seeds.csv_rows(), CSV_TOKENS, draw)


def _parquet(draw: Random) -> Case:
    data = draw.choice(seeds.parquet_files())
    if draw.random() < 0.7:  # the footer, whose length stays right
        size = int.from_bytes(data[-8:-4], "little")
        start = len(data) - 8 - size
        footer = mutate(draw, data[start:-8], [data[start:-8]], PARQUET_TOKENS)
        data = data[:start] + footer + len(footer).to_bytes(4, "little") + data[-4:]
    if draw.random() < 0.5:
        data = mutate(draw, data, seeds.parquet_files(), PARQUET_TOKENS)
    columns = draw.choice(
        (
            {},
            {"metadata": ["meta", "t"]},
            {"text": "meta.url"},
            {"text": "messages.0.content", "id": "meta.tags.1"},
        )
    )
    return Case("parquet", data, {"kind": "parquet", "name": "x.parquet", "keys": {"columns": columns}})


def _books(draw: Random) -> Case:
    what = draw.randrange(4)
    if what == 0:
        members = dict(draw.choice(seeds.epubs()))
        for name in draw.sample(sorted(members), draw.randrange(3)):
            members[name] = mutate(draw, members[name], list(members.values()), BOOK_TOKENS)
        data = seeds.zipped(members, draw.random() < 0.7)
        data = mutate(draw, data, [], BOOK_TOKENS) if draw.random() < 0.6 else data
    else:
        found = seeds.pages() if what == 1 else seeds.texts()
        data = packed(draw, [mutate(draw, draw.choice(found), found, BOOK_TOKENS + HTML_TOKENS)])
        data = mutate(draw, data, [], []) if draw.random() < 0.1 else data
    keys = draw.choice(({}, {"part_characters": 1000}, {"strip_gutenberg": False}))
    return Case(
        "books",
        data,
        {"kind": "books", "name": _names(draw, "x.txt", "x.epub", "x.html", "y/x.xhtml"), "keys": keys},
    )


def _code(draw: Random) -> Case:
    data = mutate(draw, draw.choice(seeds.sources()), seeds.sources(), CODE_TOKENS)
    name = _names(
        draw,
        *(
            f"r/a.{end}"
            for end in [
                "py",
                "h",
                "m",
                "cls",
                "pl",
                "fs",
                "ts",
                "v",
                "cs",
                "js",
                "pro",
                "t",
                "sc",
                "cl",
                "inc",
                "html",
            ]
        ),
    )
    keys = draw.choice(({}, {"licences": ["permissive"]}, {"licences": ["", "MIT"], "max_line": 80}))
    return Case("code", data, {"kind": "code", "name": name, "keys": keys})


def items_of(case: Case, folder: Path) -> tuple[Shard, list[list[Document | Loss]]]:
    """The shard of a case's file, and what its reader gives for it, twice."""
    (folder / "input").write_bytes(case.data)
    kind = case.settings["kind"]
    where = {"crawl": "x"} if kind == "common_crawl" else {"paths": ["."]}
    source = kinds.KINDS[kind].Source(name="x", **where, **case.settings["keys"])
    file = Input(case.settings["name"], str(folder / "input"), "digest")
    shard = Shard("x", source.identity(), {"files": [file]})
    module = kinds.KINDS[kind]
    return shard, [list(module.read(source, file, {})) for _ in range(2)]


def check_items(items: list[Document | Loss]) -> None:
    for item in items:
        if isinstance(item, Document):
            assert item.text.strip(), "a blank document"
            item.text.encode()
            for text in (item.url, item.date, json.dumps(item.metadata, allow_nan=False, ensure_ascii=False)):
                (text or "").encode()
        else:
            assert item.reason.replace("-", "").isalnum(), f"not a reason: {item.reason!r}"
            assert item.reason.islower(), f"not a reason: {item.reason!r}"
            assert item.reason != "unreadable"
            assert item.size >= 0


def check_shard(shard: Shard, items: list[Document | Loss], out: Path) -> None:
    """What the node leaves adds up, in every table."""
    metrics = process(shard, out).metrics
    lost = sum(counts["documents"] for counts in metrics["dropped"].values())
    rows = max(1, len(items))  # a file without a record is a loss itself
    assert metrics["documents_in"] == metrics["documents_out"] + lost == rows
    ledger = pq.read_table(out / "ledger.parquet")
    ids = ledger.column("id").to_pylist()
    assert len(ids) == len(set(ids)) == rows, "the ledger's ids"
    documents = pq.read_table(out / "documents.parquet").column("id").to_pylist()
    assert len(documents) == len(set(documents)) == ledger.column("verdict").to_pylist().count("kept")
    (row,) = pq.read_table(out / "files.parquet").to_pylist()
    assert (row["records"], row["documents"], row["lost"]) == (
        rows,
        len(documents),
        rows - len(documents),
    )


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        yield Path(name)


def check_reader(case: Case) -> None:
    with temporary() as folder:
        shard, (items, again) = items_of(case, folder)
        check_items(items)
        assert items == again, "twice the same file, and not the same"
        assert items or not case.data.strip() or case.settings["kind"] in ("jsonl", "csv"), "no row at all"
        check_shard(shard, items, folder / "out")


# -- lists of paths and of URLs


def _lists(draw: Random) -> Case:
    paths = b"crawl-data/CC-MAIN-2024-22/segments/1/warc/a-00000.warc.gz\n" * 5
    hosts = b"# comment\nbad.example\n.worse.example\nhttp://Third.Example/x?y\n10.1.2.3\n\xc3\xa4.example\n[::1]\n"
    tokens = [
        b"../",
        b"/",
        b"//",
        b"\0",
        b"\xff",
        b"#",
        b"http://",
        b"xn--",
        b"[",
        b"]",
        b":",
        b"@",
        b"%",
        b"\n",
        b".",
    ]
    data = mutate(draw, draw.choice((paths, hosts)), [paths, hosts], tokens)
    way = draw.choice(("plain", "gzip", "gzip"))
    data = PACKERS[way](data)
    return Case("lists", mutate(draw, data, [], []) if draw.random() < 0.3 else data, {})


def check_lists(case: Case) -> None:
    from tasks.filter.urls.blocklists import load_lists

    with temporary() as folder:
        path = folder / "list"
        path.write_bytes(case.data)
        with contextlib.suppress(ConfigError, StageError):
            for found in read_paths(path, "list"):
                assert found.isascii()
                assert ".." not in found.split("/")
        with contextlib.suppress(StageError):
            inputs = {
                f"url_{kind}": [Input(kind, str(path), "d")] for kind in ("hosts", "urls", "soft_words")
            }
            load_lists(False, inputs).measure("http://a.bad.example/x?y=1")


READERS = {
    "warc": Target(_warc, check_reader, 5),
    "books": Target(_books, check_reader, 3),
    "code": Target(_code, check_reader, 1),
    "jsonl": Target(_jsonl, check_reader, 2),
    "csv": Target(_csv, check_reader, 2),
    "parquet": Target(_parquet, check_reader, 3),
    "lists": Target(_lists, check_lists, 1),
}
