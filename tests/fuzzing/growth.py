"""Time on pieces of a format that are repeated: eight times as many may take eight times as long, and no more."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
from fuzzing.case import Case, Target
from fuzzing.readers import check_items, items_of, temporary
from fuzzing.texts import PIECES, URL_TOKENS
from fuzzing.tokens import BOOK_TOKENS, CODE_TOKENS, CSV_TOKENS, HTML_TOKENS, JSON_TOKENS, WARC_TOKENS
from growth import TIMES, assert_linear, moment

from tasks.ingest.code import languages
from tasks.ingest.code.linguist import patterns

SIZE = 384 << 10
MOST = 500  # moments that an eighth of it may take


def _score(text: bytes) -> None:
    from tasks.filter import score

    score([text.decode("utf-8", "replace")])


def _edit(text: bytes) -> None:
    from tasks.filter.editing.editor import Editor, edit_texts
    from tasks.filter.edits import Config

    edit_texts(
        pa.array([text.decode("utf-8", "replace")], pa.large_string()),
        ["web"],
        Editor(Config().edits, Config().pii),
    )


def _detect(text: bytes) -> None:
    from tasks.filter.language.identification import detect

    detect([text.decode("utf-8", "replace")])


def _canonical(text: bytes) -> None:
    from tasks.filter.urls.blocklists import load_lists

    load_lists(True, {}).measure("http://a.org/" + text.decode("utf-8", "replace"))


def _extract(engine: Any) -> Callable[[bytes], None]:
    def work(text: bytes) -> None:
        from tasks.ingest.extract.engines import extract

        extract(text, engine=engine)

    return work


def _languages(text: bytes) -> None:
    for extension in patterns("heuristics"):
        languages.by_content("a" + extension, text.decode("utf-8", "replace"))


def _reader(kind: str, name: str) -> Callable[[bytes], None]:
    def work(text: bytes) -> None:
        with temporary() as folder:
            case = Case(
                kind,
                text,
                {
                    "kind": kind,
                    "name": name,
                    "keys": {"max_line": 1 << 30, "max_bytes": 1 << 30} if kind == "code" else {},
                },
            )
            check_items(items_of(case, folder)[1][0])

    return work


GROWING: dict[str, tuple[Callable[[bytes], None], list[bytes], list[bytes]]] = {
    # name: (work, pieces, what may stand in front)
    "score": (_score, PIECES, [b""]),
    "edits": (_edit, PIECES, [b""]),
    "language": (_detect, PIECES, [b""]),
    "url": (_canonical, URL_TOKENS, [b""]),
    "fast": (_extract("fast"), HTML_TOKENS, [b"", b"<p>"]),
    "warc": (_reader("warc", "x"), WARC_TOKENS + HTML_TOKENS, [b"", b"WARC/1.0\r\n", b"filedesc://x 0.0.0.0 20200203040506 text/plain 5\n"]),
    "txt": (_reader("books", "x.txt"), BOOK_TOKENS + PIECES, [b"", b"The Project Gutenberg EBook\n"]),
    "html": (_reader("books", "x.html"), HTML_TOKENS + BOOK_TOKENS, [b"<html>"]),
    "code": (_reader("code", "r/x.h"), CODE_TOKENS + PIECES, [b"", b"// SPDX-License-Identifier: MIT\n"]),
    "languages": (_languages, CODE_TOKENS, [b""]),
    "jsonl": (_reader("jsonl", "x"), JSON_TOKENS, [b"", b'{"text": "']),
    "csv": (_reader("csv", "x"), CSV_TOKENS, [b"text,a\n", b'text\n"']),
}  # fmt: skip


def _growth(draw: Random) -> Case:
    name = draw.choice(sorted(GROWING))
    _, pieces, heads = GROWING[name]
    unit = b"".join(draw.choice(pieces)[:2000] for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 5))))
    tail = draw.choice((b"", b"", b"!", draw.choice(pieces)))
    return Case(
        "growth",
        unit,
        {"work": name, "head": draw.choice(heads).decode("latin-1"), "tail": tail.decode("latin-1")},
    )


def check_growth(case: Case) -> None:
    """Eight times the length takes no more than eight times the time, up to what the measuring itself is worth."""
    work = GROWING[case.settings["work"]][0]
    head, tail = (case.settings[name].encode("latin-1") for name in ("head", "tail"))

    def made(size: int) -> bytes:
        return head + case.data * max(1, size // len(case.data)) + tail

    small = assert_linear(work, made, SIZE)
    assert small < MOST * moment(), f"{small:.2f} s for {SIZE // TIMES} bytes"


GROWTH = {"growth": Target(_growth, check_growth, 3, seconds=60, per_byte=1e-3)}
