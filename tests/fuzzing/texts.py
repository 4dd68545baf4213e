"""What reads texts: signals, verdicts, languages, edits, URLs, main text. On Unicode and markup that no one writes.

Laws: nothing is raised, numbers are finite, ratios within [0, 1], compiled code equals its plain reference, a text's
row doesn't depend on its neighbours, time is linear in the length.
"""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import mutate
from fuzzing.readers import (
    BOOK_TOKENS,
    CODE_TOKENS,
    CSV_TOKENS,
    HTML_TOKENS,
    JSON_TOKENS,
    WARC_TOKENS,
    check_items,
)

WORDS = [
    "n't", "'s", "’ll", "O'Brien", "...", "....", "://", "http://a.b/c?d=e", "www.", "\n\n", "\r\n", "well-known", "1-2", "a.B", "0x41, ",
    "\\x4f", "QUJD" * 9, "<?xml ", "@generated", "lorem ipsum ", "JavaScript ", "use cookies ", "terms of use", "• ", "- ", "…", "the ",
    "of ", "der ", "и ", "的", "a@b.cc", "@", "jane.doe@mail.org", "+49 561 9804848", "(612) 439-4474", "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00", "195.234.74.142", "2606:4700::6810:84e5", "[1]", ".[2]", "[edit]", "[citation needed]", "\x1b[31m",
    "Read more", "Cookie settings", "coo\u212aies", "Privacy Policy", "\ufeff", "\u00ad", "\u200b", "\u2028", "\x85", "\x0c", "\0",
    "\ud800", "\udfff", "\U000e0100", "e\u0301", "👩‍👩‍👧", "🇩🇪", "한글", "ไทย", "עברית", "ᏣᎳᎩ", "x" * 1001, " " * 70,
]  # fmt: skip
PIECES = [word.encode("utf-8", "surrogatepass") for word in WORDS]


@cache
def _characters() -> list[str]:
    """Characters of every category, and of every plane."""
    found: dict[str, list[str]] = {}
    for code in range(0x110000):
        kind = unicodedata.category(chr(code)) + unicodedata.bidirectional(chr(code))
        held = found.setdefault(kind, [])
        if len(held) < 40 or code % 997 == 0:
            held.append(chr(code))
    return [character for held in found.values() for character in held]


def _text(draw: Random) -> str:
    """Mutated real text, pieces that matter, or any characters."""
    what = draw.random()
    if what < 0.4:
        found = seeds.texts()
        return mutate(draw, draw.choice(found), found, PIECES)[:20_000].decode("utf-8", "replace")
    if what < 0.75:
        pieces = [draw.choice(WORDS) for _ in range(draw.choice((1, 3, 10, 60)))]
        return "".join(pieces) * draw.choice((1, 1, 1, 3, 30))
    return "".join(draw.choice(_characters()) for _ in range(draw.choice((1, 5, 50, 400))))


def _texts(target: str) -> Callable[[Random], Case]:
    def make(draw: Random) -> Case:
        texts = [_text(draw) for _ in range(draw.choice((1, 1, 2, 5)))]
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        languages = [draw.choice((None, "en", "de", "ru", "zh", "xx")) for _ in texts]
        return Case(target, b"".join(parts), {"sizes": [len(part) for part in parts], "languages": languages})

    return make


def texts_of(case: Case) -> list[str]:
    found, at = [], 0
    for size in case.settings["sizes"]:
        found.append(case.data[at : at + size].decode("utf-8", "surrogatepass"))
        at += size
    return found


def check_score(case: Case) -> None:
    from tasks.filter import judge, reference, score, stop_words
    from tasks.filter.scoring import RATIOS, signals_of
    from tasks.filter.verdicts import Config

    texts, languages = texts_of(case), case.settings["languages"]
    table = score(texts, languages)
    for name in table.schema.names:
        values = table.column(name).to_numpy()
        assert np.isfinite(values).all(), name
        assert (values >= 0).all() or name == "stop_words", name
        if name in RATIOS and name.endswith("ratio") and not name.endswith(UNBOUNDED):
            assert (values <= 1).all(), f"{name}: {values.max()}"
    plain = [
        reference.counts(text, language=language or "en")
        for text, language in zip(texts, languages, strict=True)
    ]
    for text, counts, language in zip(texts, plain, languages, strict=True):
        if (language or "en") not in stop_words.STOP_WORDS:
            counts["stop_words"] = stop_words.UNLISTED
        alone = score([text], [language])
        assert alone == signals_of({name: np.array([value]) for name, value in counts.items()}), (
            "the plain reference"
        )
    assert (
        pa.concat_tables([score([t], [n]) for t, n in zip(texts, languages, strict=True)]).combine_chunks()
        == table.combine_chunks()
    )
    for profile in Config().profiles:
        verdicts = judge(table, profile)
        assert verdicts.num_rows == len(texts)


# Ratios whose upper part isn't a part of the lower: marks for a word, and n-grams that overlap themselves.
UNBOUNDED = ("hash_ratio", "ellipsis_ratio", "newline_word_ratio", "symbol_ratio", "top_2gram_ratio", "top_3gram_ratio",
             "top_4gram_ratio")  # fmt: skip


def check_edits(case: Case) -> None:
    from tasks.filter.editing import Editor, edit_texts
    from tasks.filter.edits import Config, Edits

    texts = [text.encode("utf-8", "replace").decode() for text in texts_of(case)]
    every = Edits(citations="all", javascript="all", policies="all", terminal_punctuation=True, min_words=3)
    for edits in (Config().edits, every):
        editor = Editor(edits, Config().pii)
        for kind in ("web", "code", "book"):
            edited = edit_texts(pa.array(texts, pa.large_string()), [kind] * len(texts), editor)
            edited.texts.validate(full=True)
            found = edited.texts.to_pylist()
            alone = [
                edit_texts(pa.array([t], pa.large_string()), [kind], editor).texts[0].as_py() for t in texts
            ]
            assert found == alone, "a text is edited otherwise among others"
            for row, (before, changes) in edited.changed.items():
                end = 0
                for start, stop, _, _ in changes:
                    assert end <= start < stop <= len(before), "edits that overlap"
                    end = stop
                assert before.decode() == texts[row]


def check_language(case: Case) -> None:
    from tasks.filter.language import detect

    texts = texts_of(case)
    table = detect(texts)
    for name in ("score", "second_score"):
        values = table.column(name).to_pylist()
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in values), name
    assert all(
        a >= b for a, b in zip(table["score"].to_pylist(), table["second_score"].to_pylist(), strict=True)
    )
    assert table == pa.concat_tables([detect([text]) for text in texts]).combine_chunks(), (
        "a text among others"
    )


URLS = [
    "http://example.com/a/b?c=d&utm_source=x#f", "https://user:pw@Ä.example:8080/%7Ea/../b;jsessionid=1", "http://[2001:db8::1]:80/x",
    "HTTP://1.2.3.4", "//x.y/z", "mailto:a@b", "http://xn--bcher-kva.example/", "http://free-porn.example/casino-poker",
]  # fmt: skip
URL_TOKENS = [
    b"/", b"//", b"/../", b"/./", b"%", b"%41", b"%e9", b"%C3%A4", b"%2F", b"?", b"&", b"=", b"#", b"@", b":", b":0", b":99999", b"[", b"]",
    b"[::1]", b"xn--", b".", b"..", b" ", b"\t", b"\n", b"\xc3\xa4", b"\xe2\x84\xaa", b"\xef\xbc\x8e", b"\xe3\x80\x82", b"\xed\xa0\x80", b"\xc2\xad",
    b"http:", b"utm_x=1", b";jsessionid=1", b"\\", b"|", b"\xc7\x85", b"\xe1\xba\x9e", b"\xf0\x9d\x92\xb3", b"\xe2\x80\x8d", b"\xd9\xa0", b"a" * 300,
]  # fmt: skip


def _url(draw: Random) -> Case:
    found = [url.encode() for url in URLS]
    return Case("url", mutate(draw, draw.choice(found), found, URL_TOKENS)[:8192], {})


def check_url(case: Case) -> None:
    from tasks.filter.canonical import canonical_url, host_of
    from tasks.filter.url_lists import _host_key, _url_key, load_lists
    from tasks.ingest import location, warc

    url = case.data.decode(
        "utf-8", "surrogatepass" if b"\xed\xa0" in case.data and case.data.count(b"\xed") == 1 else "replace"
    )
    once = canonical_url(url)
    if once is not None:
        assert canonical_url(once) == once, f"not canonical: {once!r} becomes {canonical_url(once)!r}"
        assert host_of(once), "a canonical URL without a host"
        once.encode()
    found = load_lists(True, {}).measure(url)
    (found.url_host or "").encode()
    (found.url_match or "").encode()
    _host_key(url)
    _url_key(url)
    clean = warc._address(url)
    if clean:
        warc.host(clean).encode()
    location.shown(url)
    location.is_remote(url)


# -- main text


def _page(target: str) -> Callable[[Random], Case]:
    def make(draw: Random) -> Case:
        found = seeds.pages()
        if draw.random() < 0.3:
            data = b"".join(draw.choice(HTML_TOKENS) for _ in range(draw.choice((3, 20, 200))))
            data *= draw.choice((1, 1, 1, 20))
        else:
            data = draw.choice(found)
        data = mutate(draw, data, found, HTML_TOKENS + PIECES)
        return Case(
            target,
            data,
            {
                "charset": draw.choice(
                    (None, None, "utf-8", "utf-16", "utf-7", "x-user-defined", "hz-gb-2312", "\0")
                )
            },
        )

    return make


def check_extraction(case: Case) -> None:
    from tasks.ingest.extract import Engine, extract

    for engine in get_args(Engine):
        page = extract(case.data, charset=case.settings["charset"], engine=engine, url="http://a.example/")
        for text in (page.text, page.title, page.language, page.canonical, page.published):
            (text or "").encode()
            assert "\0" not in (text or "")


def check_blocks(case: Case) -> None:
    """The scan against a walk over the parser's tree, the features against the plain ones."""
    from tasks.ingest.charset import decode
    from tasks.ingest.extraction import feature_reference, features, guards, reference, scan
    from tasks.ingest.extraction.fast import parsed

    data = case.data[:20_000]
    if guards.is_too_complex(data, data.count(b"<")):
        return
    text = decode(data, html=True)[0].replace("\0", "")
    page = scan.scan(parsed(text))
    if not page.complete:
        return
    blocks, root = reference.walk(text)
    found = [page.text[start:end].tobytes() for start, end in page.blocks[:, :2].tolist()]
    assert found == [block.text for block in blocks], "the blocks"
    told = ["A sentence of it.", "T", ""]
    rows = features.describe(page, *(one.encode() for one in told))
    plain = feature_reference.describe(blocks, root, told)
    for row, right in zip(rows, plain, strict=True):
        wrong = [
            name
            for n, name in enumerate(features.NAMES)
            if not np.isclose(row[n], float(right[name]), rtol=1e-4, atol=1e-5)
        ]
        assert not wrong, f"features {wrong}"


# -- time

SMALL, TIMES = 48 << 10, 8
FREE = 0.4  # seconds that the large one may take whatever the small one takes
FACTOR = 4


def _score(text: bytes) -> None:
    from tasks.filter import score

    score([text.decode("utf-8", "replace")])


def _edit(text: bytes) -> None:
    from tasks.filter.editing import Editor, edit_texts
    from tasks.filter.edits import Config

    edit_texts(
        pa.array([text.decode("utf-8", "replace")], pa.large_string()),
        ["web"],
        Editor(Config().edits, Config().pii),
    )


def _detect(text: bytes) -> None:
    from tasks.filter.language import detect

    detect([text.decode("utf-8", "replace")])


def _canonical(text: bytes) -> None:
    from tasks.filter.url_lists import load_lists

    load_lists(True, {}).measure("http://a.org/" + text.decode("utf-8", "replace"))


def _extract(engine: Any) -> Callable[[bytes], None]:
    def work(text: bytes) -> None:
        from tasks.ingest.extract import extract

        extract(text, engine=engine)

    return work


def _reader(kind: str, name: str) -> Callable[[bytes], None]:
    def work(text: bytes) -> None:
        import tempfile

        from fuzzing.readers import items_of

        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            case = Case(
                kind,
                text,
                {
                    "kind": kind,
                    "name": name,
                    "keys": {"max_line": 1 << 30, "max_bytes": 1 << 30} if kind == "code" else {},
                },
            )
            check_items(items_of(case, Path(folder))[1][0])

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

    def seconds(size: int) -> float:
        data = head + case.data * max(1, size // len(case.data)) + tail
        start = time.process_time()
        work(data)
        return time.process_time() - start

    small, large = seconds(SMALL), seconds(SMALL * TIMES)
    if large > FREE + FACTOR * TIMES * small:
        small, large = (min(once, seconds(size)) for once, size in ((small, SMALL), (large, SMALL * TIMES)))
        assert large <= FREE + FACTOR * TIMES * small, (
            f"{small:.3f} s, and of {TIMES} times as much {large:.2f} s"
        )


TEXTS = {
    "score": Target(_texts("score"), check_score, 3, per_byte=2e-4),
    "edits": Target(_texts("edits"), check_edits, 2, per_byte=1e-4),
    "language": Target(_texts("language"), check_language, 1),
    "url": Target(_url, check_url, 1),
    "extraction": Target(_page("extraction"), check_extraction, 3, seconds=10, per_byte=1e-4),
    "blocks": Target(_page("blocks"), check_blocks, 2, seconds=5, per_byte=1e-3),
    "growth": Target(_growth, check_growth, 3, seconds=60, per_byte=1e-3),
}
