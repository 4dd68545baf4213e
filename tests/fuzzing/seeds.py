"""What the mutations begin with: small good inputs of every format, and real ones where ../shared/data is at hand."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "shared/data"
LARGEST = 32 << 10  # bytes of a real input; larger ones are cut
_RECORD = re.compile(rb"(?:\A|\n)(?=WARC/\d)")
_ARC_RECORD = re.compile(rb"(?:\A|\n)(?=[a-z]+:\S[^\r\n]* (?:\d{14,18}|null) \S+ -?\w+\r?\n)")

PAGE = (
    b"<!DOCTYPE html>\n<html lang=en><head><title>T</title><meta charset=utf-8>"
    b'<link rel=canonical href="/c"><meta property="article:published_time" content="2020-01-02">'
    b'<script type="application/ld+json">{"articleBody": "A sentence of it.", "datePublished": "2020-01-02"}</script>'
    b"</head><body class=x><nav><a href=/>Home</a></nav><article><h1>T</h1>"
    + b"<p>A sentence of the article that says something. And one more of them, with a <b>bold</b> word.</p>\n"
    * 8
    + b"<ul><li>One<li>Two</ul><table><tr><td>1<td>2</table><pre>x = 1</pre></article><footer>(c)</footer></body></html>"
)
TEXT = (
    "Seldom has a plan been made that didn't meet the weather. It's the captain's job, she said.\n\n"
    "“We'll sail at 6.30 p.m., with 1,200 crates of well-known tea.” Ärger, niño, 漢字。\n- one\n- two\n"
).encode()


def warc_record(kind: str, block: bytes, number: int, content_type: str, **fields: str) -> bytes:
    head = {
        "WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{number}>", "WARC-Date": "2020-02-03T04:05:06Z",
        "WARC-Target-URI": f"http://example.com/{number}", "Content-Type": content_type, **fields,
        "Content-Length": str(len(block)),
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"WARC/1.0\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, fields: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{fields}\r\n".encode() + body


def made_records() -> list[bytes]:
    zipped = gzip.compress(PAGE, mtime=0)
    chunked = b"10\r\n" + PAGE[:16] + b"\r\n" + b"%x\r\n" % len(PAGE[16:]) + PAGE[16:] + b"\r\n0\r\n\r\n"
    blocks = [
        ("response", http(PAGE), "application/http"),
        ("response", http(zipped, "Content-Encoding: gzip\r\n"), "application/http; msgtype=response"),
        ("response", http(chunked, "Transfer-Encoding: chunked\r\n"), "application/http"),
        ("response", http(TEXT).replace(b"text/html", b"text/plain"), "application/http"),
        ("response", http(PAGE.decode().encode("utf-16"), ""), "application/http"),
        ("conversion", TEXT, "text/plain"),
        ("resource", PAGE, "text/html"),
        ("metadata", json.dumps({"Envelope": {"Payload-Metadata": {}}}).encode(), "application/json"),
        ("warcinfo", b"software: x\r\nformat: WARC File Format 1.0\r\n", "application/warc-fields"),
        ("revisit", b"", "application/http"),
    ]
    digest = {"WARC-Payload-Digest": "sha1:2JHXYWU5AMXWOZD4FUQFZL5UQFNNPIA4", "WARC-Truncated": "length"}
    return [
        warc_record(kind, block, number, content_type, **(digest if number < 3 else {}))
        for number, (kind, block, content_type) in enumerate(blocks)
    ]


def arc_records() -> list[bytes]:
    head = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    page = http(PAGE)
    return [
        b"filedesc://x.arc 0.0.0.0 20200203040506 text/plain %d\n" % len(head) + head + b"\n",
        b"http://example.com/a b 1.2.3.4 20200203040506 text/html %d\n" % len(page) + page + b"\n",
        b"http://example.com/c 1.2.3.4 20200203040506 text/html 200 - - 0 x.arc %d\n" % len(page) + page + b"\n",
    ]  # fmt: skip


@cache
def records() -> list[list[bytes]]:
    """Lists of records of one format: WARC of our own, ARC of our own, and those of real files."""
    found = [made_records(), arc_records()]
    for path in sorted((DATA / "warc").rglob("*")) if (DATA / "warc").is_dir() else []:
        if not path.is_file() or "arc" not in path.name or path.stat().st_size > 3 << 20:
            continue
        data = unpacked(path)
        for pattern in (_RECORD, _ARC_RECORD):
            starts = [match.end() for match in pattern.finditer(data)]
            parts = [data[a:b] for a, b in itertools.pairwise([*starts, len(data)])]
            if parts := [part for part in parts if len(part) <= LARGEST][:60]:
                found.append(parts)
                break
    return found


def unpacked(path: Path) -> bytes:
    from tasks.io.container import chunks

    with path.open("rb") as file:
        return b"".join(piece for piece in chunks(file) if isinstance(piece, bytes))


@cache
def whole_archives() -> list[bytes]:
    """Small real archives as they are, damaged ones among them."""
    paths = sorted((DATA / "warc").rglob("*")) if (DATA / "warc").is_dir() else []
    return [path.read_bytes() for path in paths if path.is_file() and path.stat().st_size <= LARGEST]


def starts(pattern: str, size: int = 8 << 10) -> Iterator[bytes]:
    """Stretches of real files, whole lines."""
    for path in sorted(DATA.glob(pattern)) if DATA.is_dir() else []:
        data = unpacked(path)
        for at in (0, len(data) // 2):
            start = data.rfind(b"\n", 0, at) + 1
            end = data.rfind(b"\n", start, start + size) + 1
            yield data[start : end or start + size]


@cache
def json_lines() -> list[bytes]:
    rows = [
        {"text": TEXT.decode(), "id": "a", "url": "http://a.org/", "date": "2020-01-01", "meta": {"x": [1, None]}},
        {"text": "b \ud800 c", "id": 7}, {"text": None}, {"text": ["no"]}, [1], "x", {"text": "\0" * 20},
        {"text": "x", "url": 1e400}, {"text": "y", "date": float("nan"), "id": True},
    ]  # fmt: skip
    made = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return [made, *starts("corpora/arxiv-sample/*.jsonl"), *starts("corpora/cc-net-head/*/*.jsonl"),
            *starts("benchmarks/gsm8k/test.jsonl", 2000), *starts("langid/*/*.jsonl", 2000)]  # fmt: skip


@cache
def csv_rows() -> list[bytes]:
    return [
        b'text,id,n\n"one ""two"", three",1,x\nfour,2,\n\n"five\nsix",3,y\n',
        b"id;text\n1;a\n2;b\n3;c\n",
        b"text\tid\na\t1\nb\t2\n",
        "text|id\nä|1\nö|2\n".encode("latin-1"),
        "text,id\nä,1\nö,2\n".encode("utf-16"),
        b"\xef\xbb\xbftext,id\na,1\n",
        *(b"text,a,b,c,d,e\n" + data for data in starts("benchmarks/mmlu*/dev/a*.csv", 2000)),
    ]  # fmt: skip


@cache
def parquet_files() -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    meta = [{"url": f"http://a.org/{n}", "tags": ["x", None], "f": 1.5} for n in range(30)]
    tables = [
        pa.table({"text": [f"row {n} of it" for n in range(30)], "id": list(range(30)), "meta": meta}),
        pa.table({"text": pa.array([b"a", b"\xff\xfe", None] * 5, pa.binary()), "date": pa.array([18000] * 15, pa.date32())}),
        pa.table({"text": pa.array(["a", "b"] * 40).dictionary_encode(), "t": pa.array([10**15] * 80, pa.timestamp("us"))}),
        pa.table({"messages": [[{"content": "x"}, {"content": "y"}]] * 5, "text": ["z"] * 5}),
    ]  # fmt: skip
    options = [
        {"compression": "snappy", "row_group_size": 10}, {"compression": "none", "use_dictionary": False},
        {"compression": "gzip", "data_page_version": "2.0"}, {"compression": "zstd", "write_page_index": True},
    ]  # fmt: skip
    found = []
    for table, keywords in zip(tables, options, strict=True):
        out = io.BytesIO()
        pq.write_table(table, out, **keywords)
        found.append(out.getvalue())
    return found


@cache
def texts() -> list[bytes]:
    gutenberg = (
        b"The Project Gutenberg EBook of X, by Y\n\nTitle: X\nAuthor: Y\nRelease Date: May, 1994 [EBook #158]\n"
        b"Language: English\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nProduced by Z\n\n"
        + TEXT * 3
        + b"\nEnd of the Project Gutenberg EBook of X\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\nlicence\n"
    )
    old = (
        b"**The Project Gutenberg Etext of X, by Y**\n***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\n"
        b"x\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n" + TEXT
    )
    return [TEXT, gutenberg, old, TEXT.decode().encode("utf-16"), TEXT.decode().encode("utf-32"), b"caf\xe9 \x93x\x94 " * 9,
            *starts("corpora/gutenberg-kant/*.txt"), *starts("corpora/wikitext-2/*.txt"),
            *starts("langid/bible-corpus/*.xml")]  # fmt: skip


@cache
def pages() -> list[bytes]:
    """HTML: of our own, and of the real archives' records."""
    found = [PAGE, PAGE.replace(b"<html", b'<?xml version="1.0"?><html xmlns:epub="x"'), b"<p>a" * 40]
    for parts in records():
        for part in parts[:12]:
            start = part.lower().find(b"<html")
            if start >= 0:
                found.append(part[start:])
    return found[:200]


@cache
def epubs() -> list[dict[str, bytes]]:
    """Members of archives by name, in order."""
    container = (
        b'<?xml version="1.0"?><container><rootfiles><rootfile full-path="O/b.opf"/></rootfiles></container>'
    )
    package = (
        b'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b"<metadata><dc:title>T</dc:title><dc:creator opf:role='aut'>A</dc:creator><dc:date>1999-01-02</dc:date>"
        b"<dc:language>en</dc:language></metadata><manifest><item id='n' href='nav.xhtml' properties='nav' "
        b"media-type='application/xhtml+xml'/><item id='a' href='a%20b.xhtml' media-type='application/xhtml+xml'/>"
        b"<item id='c' href='c.html' media-type='text/html'/></manifest><spine><itemref idref='n'/><itemref idref='a'/>"
        b"<itemref idref='c'/></spine><guide><reference type='cover' href='c.html'/></guide></package>"
    )
    encryption = (
        b"<encryption><EncryptedData><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/><CipherData>"
        b"<CipherReference URI='O/f.otf'/></CipherData></EncryptedData></encryption>"
    )
    chapters = {
        "O/nav.xhtml": b"<nav><a href='a'>x</a></nav>",
        "O/a b.xhtml": PAGE,
        "O/c.html": b"<p>One.</p>" * 30,
    }
    first = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": container,
        "O/b.opf": package,
        **chapters,
    }
    return [first, {**first, "META-INF/encryption.xml": encryption}]


def zipped(members: dict[str, bytes], deflated: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


@cache
def sources() -> list[bytes]:
    mit = (
        b"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
        b"documentation files"
    )
    return [
        Path(__file__).read_bytes(),
        b"# SPDX-License-Identifier: (MIT OR Apache-2.0) AND BSD-3-Clause WITH x\nimport os\n",
        b"/* " + mit + b" */\nint main(void) { return 0; }\n",
        b"// Code generated by protoc. DO NOT EDIT.\npackage x\n",
        b"@interface X : Y\n@end\n#include <stdio.h>\ntemplate <class T> class U {};\n",
        b"% comment\nfunction x = f(y)\nend\n(* x *) :- module(a).\n",
        b"var a=1;" * 300,
        "# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"),
        "x = 1\n".encode("utf-16"),
    ]
