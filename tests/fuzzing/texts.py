"""What reads texts: signals, verdicts, languages, edits, URLs, main text. On Unicode and markup that no one writes.

Laws: nothing is raised, numbers are finite, ratios within [0, 1], compiled code equals its plain reference, a text's
row doesn't depend on its neighbours, time is linear in the length.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from functools import cache
from random import Random

import numpy as np
import pyarrow as pa
from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import mutate

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
    from tasks.filter import judge, score
    from tasks.filter.config import Config
    from tasks.filter.text_signals import reference, stop_words
    from tasks.filter.text_signals.scoring import RATIOS, signals_of

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
    from tasks.filter.editing.config import Edits
    from tasks.filter.editing.editor import Editor, edit_texts
    from tasks.filter.edits import Config

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
            for row, text in enumerate(texts):
                counts = edited.changed[row].counts.values() if row in edited.changed else ()
                assert sum(taken for _, taken, _ in counts) <= len(text.encode()), (
                    "more is taken than there was"
                )
                assert (found[row] == text) or counts, "a change that no edit made"


def check_language(case: Case) -> None:
    from tasks.filter.language.identification import detect

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
    from tasks.filter.urls.blocklists import _host_key, _url_key, load_lists
    from tasks.filter.urls.canonical import canonical_url, host_of
    from tasks.ingest.warc import source as warc
    from tasks.io import location

    url = case.data.decode("utf-8", "replace")  # readers let no lone surrogates through
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


TEXTS = {
    "score": Target(_texts("score"), check_score, 3, per_byte=2e-4),
    "edits": Target(_texts("edits"), check_edits, 2, per_byte=1e-4),
    "language": Target(_texts("language"), check_language, 1),
    "url": Target(_url, check_url, 1),
}
