"""Bytes to text: which charset, and text that is valid Unicode."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_MARKS = tuple(bom for bom, _ in _BOMS)
_META_WITHIN = 4096  # bytes
_SEVEN_BIT = ("iso2022",)  # their bytes are also valid ASCII
_SEVEN_BIT_MARK = "2022"  # in all labels that the Encoding standard has for them
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]+")
# The ASCII ones of `_UNWANTED`; in UTF-8 they stand for themselves.
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
_SAMPLE = 128 << 10
_HEAD = 1024
_REPLACED = "�"
MAX_REPLACED = 0.05  # share of characters that may be unreadable


def decode(data: bytes, declared: str | None = None, *, html: bool = False) -> tuple[str, str]:
    """The text of `data` and the charset that was used.

    The order: a byte order mark; UTF-8 wherever the bytes are valid UTF-8 (by chance that is next to
    impossible, and wrong declarations are common); the declared charset; for HTML the `meta` element's; what
    resiliparse detects. Undecodable bytes become U+FFFD.
    """
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(charset, "replace"), charset
    named = [declared, _meta_charset(data) if html else None]
    wide = _is_wide(data, declared)
    if not wide and not _is_seven_bit(named):
        try:
            return data.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    best: tuple[str, str] | None = None
    for name in [*named, _detected(data), "cp1252"]:
        codec = _codec(name or "")
        if not codec or (codec.startswith("utf-16") and not wide):
            continue
        text = data.decode(codec, "replace")
        missing = text.count(_REPLACED)
        if missing <= len(text) * 0.001:
            return text, codec
        if best is None or missing < best[0].count(_REPLACED):
            best = text, codec
    return best or (data.decode("utf-8", "replace"), "utf-8")


def as_utf8(data: bytes, declared: str | None = None, *, html: bool = False) -> bytes:
    """What `decode` gives, as UTF-8: the bytes themselves where they are it. Lone surrogates become `?`."""
    from tasks.text.utf8 import is_utf8

    marked = data.startswith(_MARKS)
    seven_bit = (declared and _SEVEN_BIT_MARK in declared) or (
        html and _SEVEN_BIT_MARK.encode() in data[:_META_WITHIN]
    )
    if not marked and not seven_bit and not _is_wide(data, declared) and is_utf8(data):
        return data
    return decode(data, declared, html=html)[0].encode("utf-8", "replace")


def _is_wide(data: bytes, declared: str | None) -> bool:
    """Whether UTF-16 is declared, and NULs in the bytes bear it out."""
    return data.find(b"\0", 0, _HEAD) >= 0 and _codec(declared or "").startswith("utf-16")


def _is_seven_bit(named: Iterable[str | None]) -> bool:
    return any(_codec(name).startswith(_SEVEN_BIT) for name in named if name)


def clean(text: str) -> str:
    """Text with \\n at line ends and no control characters (but tab), lone surrogates or byte order marks.

    >>> clean("a\\x00b\\r\\nc\\ud800")
    'ab\\nc'
    """
    if text.isascii() and text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if _is_clean(text) else _UNWANTED.sub("", text)


def _is_clean(text: str) -> bool:
    """Whether `_UNWANTED` isn't in a text, several times faster than by the pattern: nearly every text is clean."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return False
    return len(data.translate(None, _CONTROLS)) == len(data) and "\ufeff" not in text


def unreadable(text: str) -> bool:
    """Whether so much of a text is U+FFFD that its charset must have been wrong."""
    return text.count(_REPLACED) > MAX_REPLACED * len(text)


def _meta_charset(data: bytes) -> str | None:
    found = _META.search(data, 0, _META_WITHIN)
    return found[1].decode("ascii") if found else None


@lru_cache(256)
def _codec(name: str) -> str:
    """Python's name of a charset as browsers read it (latin-1 means windows-1252), "" if there is none."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    mapped = map_encoding_to_html5(name.strip().strip("\"'"), False) if name else None
    try:
        return codecs.lookup(mapped).name if mapped else ""
    except LookupError:
        return ""


def _detected(data: bytes) -> str | None:
    from resiliparse.parse.encoding import detect_encoding

    return detect_encoding(data[:_SAMPLE])
