"""Web crawl in WARC, WET and ARC files: one `Document` or `Loss` for every record.

Decompression survives damage (`container`), records are taken whole or reported (`records`, `arc`), fastwarc parses
WARC heads, `http` undoes the codings, `digest` compares checksums, `extract` gives the main text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from tasks.ingest.extract import Engine
from tasks.ingest.source import BaseSource, unreadable
from tasks.io import located, place
from tasks.node import Input
from tasks.record import Document, Loss, document_id
from tasks.text import clean, decode
from tasks.text import unreadable as is_unreadable

if TYPE_CHECKING:
    from tasks.ingest.warc.http import Message
    from tasks.ingest.warc.records import Format, Record
    from tasks.io import RemotePath

VERSION = 1
PACKAGES = ("fastwarc", "resiliparse", "zlib-ng")
SHARED = "records"
SIGHT = 1 << 20  # decompressed bytes in which a file must show what it is
MAX_TAGS = 250_000  # of a page: a parser takes up to 700 bytes for each
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xhtml", "text/xhtml"})
_UNTYPED = frozenset({"", "application/octet-stream", "unknown/unknown", "application/x-unknown", "*/*"})
_SOMETHING = re.compile(rb"[^\0 \t\r\n]")
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+/[A-Za-z0-9/._~-]*")  # the same whatever it is joined to
_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)[/?#]")
_HTML_START = re.compile(
    rb"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|!doctype>|html|head|body|title|meta|div|p|table|a|h1|"
    rb"article|section|script|style|br|link|center|font)\b",
    re.IGNORECASE | re.DOTALL,
)


class Source(BaseSource):
    """WARC, WET or ARC files, plain or compressed with gzip, lz4 or zstd: decided by their first bytes.

    min_characters: pages with less text are left out as `empty`.
    digests: what happens to a document whose record declares a checksum that its bytes don't have. `check` keeps it,
        with `digest_mismatch` in its metadata, and counts it; `drop` loses it; `ignore` doesn't compute any.
    engine: what takes the main text out of HTML (see `extract`).
    """

    kind: Literal["warc"] = "warc"
    min_characters: int = 1
    digests: Literal["check", "drop", "ignore"] = "check"
    engine: Engine = "fast"


def read_warc(
    path: str | Path | RemotePath, source: Source | None = None, name: str | None = None
) -> Iterator[Document | Loss]:
    """The records of a file in order, each a document or a loss; bad data never raises.

    name: the path relative to the source's root, part of the ids (by default the file's name).
    A document's id is made of the source's name, `name`, and the WARC-Record-ID (or the offset without one).
    """

    path = located(path)
    source = source or Source(name="warc", paths=[str(path)])
    name = name or path.name
    try:
        file = path.open("rb")
        size = path.stat().st_size
    except OSError as error:
        yield unreadable(path, error)
        return
    with file:
        records = _records(file) if size else iter(())
        last, repeats = -1, 0
        try:
            for record in records:
                repeats = repeats + 1 if record.offset == last else 0
                last = record.offset
                where = f"{name}@{last}" + (f"+{repeats}" if repeats else "")
                if record.reason:
                    yield Loss(record.reason, where, _target(record.head), record.size)
                else:
                    yield _document(record, source, name, where)
        except OSError as error:  # of the disk, not of the data
            yield unreadable(path, error)
        else:
            if last < 0:
                yield Loss("empty-file", name)


def _records(file: IO[bytes]) -> Iterator[Record]:
    """The records of an open file; `not-warc` where there is nothing but bytes that are none."""
    from tasks.ingest.warc.records import read_records
    from tasks.io import chunks

    form = _format(file)
    records = read_records(chunks(file, form.sync), form)
    first = next(records, None)
    if first is None:
        return
    if first.reason == "not-a-record":
        second = next(records, None)
        if second is None:
            first.reason = "not-warc"
        else:
            records = chain([second], records)
    yield first
    yield from records


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    return read_warc(place(file), source, file.name)


def _format(file: IO[bytes]) -> Format:
    """ARC if the first record in sight is one, else WARC: by the bytes, whatever the name says."""
    from tasks.ingest.warc.arc import ARC
    from tasks.ingest.warc.records import WARC
    from tasks.io import Damage, chunks

    start = bytearray()
    for chunk in chunks(file):
        start += b"" if isinstance(chunk, Damage) else chunk
        if len(start) >= SIGHT:
            break
    file.seek(0)
    if ARC.start.match(start):
        return ARC
    record, other = WARC.next.search(start), ARC.next.search(start)
    in_warc = WARC.like.match(start) or not other or (record and record.start() < other.start())
    return WARC if in_warc else ARC


class _Rejected(Exception):
    """A record that gives no document; its text is the reason."""


def _document(record: Record, source: Source, name: str, where: str) -> Document | Loss:
    from tasks.ingest.warc.digest import mismatches
    from tasks.ingest.warc.http import BadMessage

    url = None
    try:
        fields, kind = _fields(record.head)
        url = _address(fields.get("warc-target-uri"))
        message = _message(kind, fields, record.body)
        text, metadata = _text(kind, message, record.body, source.engine)
        if len(text) < source.min_characters or not text.strip():
            raise _Rejected("empty")
    except (_Rejected, BadMessage) as error:
        return Loss(str(error), where, url, record.size)
    if source.digests != "ignore" and (
        wrong := mismatches(fields, record.body, message if kind == "response" else None)
    ):
        if source.digests == "drop":
            return Loss("digest-mismatch", where, url, record.size)
        metadata["digest_mismatch"] = wrong
    key = fields.get("warc-record-id") or f"@{record.offset}"
    canonical = metadata.pop("canonical", None)
    if canonical and not _PLAIN_ADDRESS.fullmatch(canonical):
        canonical = urljoin(url or "", canonical)
    address = canonical or url or name
    metadata["group"] = source.group_of(address, host(address) or name)
    if fields.get("warc-truncated"):
        metadata["truncated"] = fields["warc-truncated"]
    return Document(
        document_id(source.name, name, key),
        text,
        url=url,
        source=source.name,
        kind="web",
        date=_date(fields.get("warc-date")),
        metadata=metadata,
    )


def _fields(head: bytes) -> tuple[dict[str, str], str]:
    """A record's fields (lower-case names) and type; "" without a type.

    fastwarc's own parser sets aside as much memory as Content-Length says, and ends the process where there is less.
    """
    from tasks.ingest.warc import arc
    from tasks.ingest.warc.http import parse_fields

    if head.startswith(b"WARC/"):
        fields = parse_fields(head.decode("utf-8", "replace"))
        return fields, fields.get("warc-type", "").lower()
    found = arc.fields(head)
    if found is None:
        raise _Rejected("bad-header")
    return found, found["warc-type"]


def _message(kind: str, fields: Mapping[str, str], body: bytes) -> Message | None:
    """The HTTP message that a record holds, or stands for; None for the types without one."""
    from tasks.ingest.warc.http import Message, parse

    if kind == "resource":
        return Message(200, {"content-type": fields.get("content-type", "")}, body)
    if kind != "response":
        return None
    if not body.startswith(b"HTTP/") and fields.get("warc-target-uri", "").lower().startswith(
        ("dns:", "ftp:")
    ):
        raise _Rejected("not-http")
    return parse(body)


def _text(kind: str, message: Message | None, body: bytes, engine: Engine) -> tuple[str, dict[str, Any]]:
    from tasks.ingest.warc.http import payload

    if kind == "conversion":
        return _plain(body, None), {}
    if message is None:
        known = ("request", "warcinfo", "metadata", "revisit", "continuation", "filedesc")
        raise _Rejected(kind if kind in known else "unknown-type")
    if message.status != 200:
        raise _Rejected("http-status")
    return _content(message, payload(message) if kind == "response" else body, engine)


def _content(message: Message, data: bytes, engine: Engine) -> tuple[str, dict[str, Any]]:
    """Text of a payload: HTML is extracted, plain text is taken as it is, anything else rejected."""
    from tasks.ingest.extract import extract

    if not _SOMETHING.search(data):
        raise _Rejected("empty")
    kind = _sniff(message.content_type, data)
    if kind == "text":
        return _plain(data, message.charset), {}
    if kind != "html":
        raise _Rejected("not-html")
    if len(data) > 3 * MAX_TAGS and data.count(b"<") > MAX_TAGS:  # no tag is shorter than three bytes
        raise _Rejected("too-large")

    page = extract(data, charset=message.charset, engine=engine)
    if is_unreadable(page.text):
        raise _Rejected("bad-charset")
    declared = {
        "title": page.title,
        "declared_language": page.language,
        "canonical": page.canonical,
        "published": page.published,
    }
    return page.text, {key: value for key, value in declared.items() if value}


def _sniff(declared: str, data: bytes) -> str:
    """ "html", "text" or "other": declarations count unless the bytes contradict them."""
    from resiliparse.parse.encoding import detect_mime

    begins = _HTML_START.match(data[:4096].lstrip(b"\xef\xbb\xbf"))
    if declared in HTML_TYPES and begins:
        return "html"
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = detect_mime(data[:4096])
        if not found.startswith("text/") or declared not in HTML_TYPES:
            return "other"
    if data.startswith(
        (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"Rar!", b"\x1f\x8b", b"OggS")
    ):
        return "other"
    if declared in HTML_TYPES:
        return "html"
    if declared in _UNTYPED or declared == "text/plain":
        if begins:
            return "html"
        return "text" if declared == "text/plain" else "other"
    return "other"


def _plain(data: bytes, charset: str | None) -> str:

    text = clean(decode(data, charset)[0]).strip("\n")
    if is_unreadable(text):
        raise _Rejected("bad-charset")
    return text


def _target(head: bytes) -> str | None:
    try:
        return _address(_fields(head)[0].get("warc-target-uri")) if head else None
    except _Rejected:
        return None


def _address(value: str | None) -> str | None:
    """A URL without the `<>` that older tools wrote around it, valid Unicode, spaces escaped.

    >>> _address("<http://example.com/a b>")
    'http://example.com/a%20b'
    """

    value = clean(value or "").strip().removeprefix("<").removesuffix(">").strip()
    return value.replace(" ", "%20").replace("\n", "").replace("\t", "") or None


def host(url: str) -> str:
    """The host of an address, without `www.`; "" if it has none.

    >>> host("http://www.Example.com:80/x"), host("no address")
    ('example.com', '')
    """
    if plain := _HOST.match(url):
        return plain[1]
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _date(value: str | None) -> str | None:
    found = re.match(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?)?)?$", value or "")
    return found[0] if found else None
