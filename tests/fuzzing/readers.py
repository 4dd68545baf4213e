"""The readers of sources under mutated files: every kind, in a process that may die.

Laws: nothing is raised; records = documents + losses, in the metrics, in the table of files and in the ledger; ids are
unique; text is not blank and valid UTF-8; the same file gives the same again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import PACKERS, mutate, packed

from tasks.document import Document, Loss
from tasks.errors import ConfigError, StageError
from tasks.ingest import kinds
from tasks.ingest.common_crawl import read_paths
from tasks.ingest.node import process
from tasks.node import Input, Shard

WARC_TOKENS = [
    b"WARC/1.0\r\n", b"WARC/1.1\n", b"\r\n\r\n", b"\n\n", b"Content-Length: 99999999999\r\n", b"Content-Length: 0\r\n",
    b"WARC-Type: response\r\n", b"WARC-Type: revisit\r\n", b"Content-Type: text/html; charset=utf-16\r\n", b"HTTP/1.1 200 OK\r\n",
    b"HTTP/2 200\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: br\r\n", b"Content-Encoding: gzip, deflate\r\n",
    b"Content-Encoding: zstd\r\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x5d\x2a\x4d\x18\x10\0\0\0",
    b"WARC-Payload-Digest: md5:x\r\n", b"WARC-Record-ID: <urn:uuid:1>\r\n", b"WARC-Target-URI: http://[::1\r\n",
    b"http://a/ 1.2.3.4 20200203040506 text/html 5\n", b"<html>", b"</script>", b"<!--", b"<svg>", b"&#xD800;", b"\xed\xa0\x80",
]  # fmt: skip
JSON_TOKENS = [
    b'"text":', b'{"text": "a"}\n', b"[", b"{", b"}", b"]", b'"', b"\\ud800", b"\\udc00", b"\\u0000", b"NaN", b"Infinity", b"1e999",
    b"null", b"\xef\xbb\xbf", b"\r\n", b"\xe2\x80\xa8", b'"id": true,', b'"url": [1],', b"9" * 5000, b"[" * 2000, b"\xed\xa0\x80",
]  # fmt: skip
CSV_TOKENS = [
    b'"', b'""', b",", b";", b"\t", b"|", b"\r", b"\n", b"text", b"\xff\xfe", b"\0", b'"\n"', b"\xef\xbb\xbf", b"\\", b'",\n', b"\x85",
]  # fmt: skip
PARQUET_TOKENS = [
    b"PAR1",
    b"PARE",
    b"\x15\x00",
    b"\x19\x1c",
    b"\xff\xff\xff\xff\x0f",
    b"\x18\x04text",
    b"\x80" * 9 + b"\x01",
    b"ARROW:schema",
]
HTML_TOKENS = [
    b"<div>", b"</div>", b"<p>", b"<a href=x>", b"</a>", b"<table><tr><td>", b"<script>", b"</script>", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?xml ?>", b"<title>", b"<title/>", b"<svg><title>", b"<select><option>", b"<textarea>", b"<plaintext>", b"<template>",
    b"<math><mi>", b"<ruby><rt>", b"<a epub:type='pagebreak'>", b"&amp", b"&#1114112;", b"&#xD800;", b"&#0;", b"&nbsp;", b"=\"", b"='",
    b"<x-y:z a=b>", b"<b><i>", b"</b></i>", b"<frameset>", b"<body hidden>", b"<meta charset=utf-16>", b"<base href='//'>",
    b'<script type="application/ld+json">{"articleBody": "', b"\xff", b"\xed\xa0\x80", b"\0", b"\x0c",
]  # fmt: skip
BOOK_TOKENS = [
    *HTML_TOKENS[:12], b"*** START OF THE PROJECT GUTENBERG EBOOK X ***\n", b"*** END OF THE PROJECT GUTENBERG EBOOK X ***\n",
    b"*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*\n", b"End of the Project Gutenberg Etext\n", b"Title: \n", b"\n\n", b"\r\n",
    b"Release Date: May 99, 9999 [EBook #1234567]\n", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07", b"\xff\xfe", b"\xfe\xff", b"\0",
    b"<itemref idref='a'/>", b"<!ENTITY x 'y'>", b"full-path=''", b"href='../../x'", b"%00", b"%ff",
]  # fmt: skip
CODE_TOKENS = [
    b"SPDX-License-Identifier: ((((", b"SPDX-License-Identifier: MIT OR", b"SPDX-License-Identifier: " + b"(" * 190, b"DO NOT EDIT",
    b"@generated", b"licence", b"Redistribution", b"\0", b"\x1b", b"\r", b"\xff\xfe", b"-*- coding: utf-7 -*-", b"Licensed under the MIT License",
]  # fmt: skip
GIT_TOKENS = [
    b"tree ",
    b"blob ",
    b"commit ",
    b"100644 a\0",
    b"120000 l\0",
    b"160000 s\0",
    b"ref: refs/heads/x\n",
    b"PACK\0\0\0\2",
    b"\0",
    b"[core]\n",
]


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
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        yield Path(name)


def check_reader(case: Case) -> None:
    with _folder() as folder:
        shard, (items, again) = items_of(case, folder)
        check_items(items)
        assert items == again, "twice the same file, and not the same"
        assert items or not case.data.strip() or case.settings["kind"] in ("jsonl", "csv"), "no row at all"
        check_shard(shard, items, folder / "out")


# -- repositories


@cache
def _repository() -> Path:
    """A small repository with loose and packed objects, a link and a licence; made once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-git-"))
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("AUTHOR", "COMMITTER"):
        env |= {
            f"GIT_{name}_NAME": "x",
            f"GIT_{name}_EMAIL": "x@example.com",
            f"GIT_{name}_DATE": "1600000000 +0000",
        }
    work = folder / "work"
    (work / "sub").mkdir(parents=True)
    for number, data in enumerate(seeds.sources()[1:5]):
        (work / f"a{number}.py").write_bytes(data)
    (work / "sub/LICENSE").write_text("MIT License")
    (work / "sub/b.py").write_text("x = 1\n" * 50)
    (work / "link.py").symlink_to("a0.py")

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(work), *arguments], env=env, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "x")
    git("gc", "-q")
    (work / "a0.py").write_text("y = 2\n")
    git("commit", "-qam", "y")
    shutil.rmtree(work / ".git/hooks")
    return work / ".git"


def _git(draw: Random) -> Case:
    root = _repository()
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    files = [name for name in files if not name.startswith(("logs", "info", "COMMIT", "description"))]
    name = draw.choice(files)
    data = (root / name).read_bytes()
    if name.startswith("objects/") and len(name) == 49 and draw.random() < 0.7:  # a loose object, deflated
        import zlib

        data = zlib.compress(mutate(draw, zlib.decompress(data), [], GIT_TOKENS))
    else:
        data = mutate(draw, data, [], GIT_TOKENS)
    return Case("git", data, {"kind": "git", "file": name})


def check_git(case: Case) -> None:
    from tasks.ingest import git

    with _folder() as folder:
        shutil.copytree(_repository(), folder / "r/.git")
        changed = folder / "r/.git" / case.settings["file"]
        changed.chmod(0o644)
        changed.write_bytes(case.data)
        source = git.Source(name="x", paths=["."])
        file = Input("r", str(folder / "r"), source.digest(folder / "r") or "")
        items, again = (list(git.read(source, file, {})) for _ in range(2))
        check_items(items)
        assert items == again
        check_shard(Shard("x", source.identity(), {"files": [file]}), items, folder / "out")


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
    from tasks.filter.url_lists import load_lists

    with _folder() as folder:
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
    "git": Target(_git, check_git, 2),
    "jsonl": Target(_jsonl, check_reader, 2),
    "csv": Target(_csv, check_reader, 2),
    "parquet": Target(_parquet, check_reader, 3),
    "lists": Target(_lists, check_lists, 1),
}
