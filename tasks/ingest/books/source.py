"""Books: plain text, EPUB and HTML files, a document each; very long ones in parts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any, Literal

from pydantic import Field

from tasks.ingest.source import BaseSource, unreadable
from tasks.io import BadArchive, Damage, Pieces, charset_of, pieces, place, probed
from tasks.node import Input
from tasks.record import Document, Loss, document_id
from tasks.text import clean, decode
from tasks.text import unreadable as is_unreadable

VERSION = 1
PACKAGES = ("fastwarc", "lxml", "resiliparse", "zlib-ng")
SHARED = "texts"
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
_HTML_NAMES = (".html", ".htm", ".xhtml", ".xht")


class Source(BaseSource):
    """Text, EPUB and HTML files, one book each; the first bytes decide which, so a wrong extension does no harm.

    extensions: which files of a folder are books.
    part_characters: a longer book becomes several documents of about this length, cut at empty lines;
        all are of the book's group.
    strip_gutenberg: Project Gutenberg's header and footer are cut; their lengths are in the metadata.
    """

    kind: Literal["books"] = "books"
    extensions: list[str] = Field(default_factory=lambda: [".txt", ".epub", ".html", ".htm", ".xhtml"])
    part_characters: int = Field(default=4_000_000, ge=1000)
    strip_gutenberg: bool = True

    def accepts(self, name: str) -> bool:
        return name.lower().endswith(tuple(self.extensions))


@dataclass
class _Book:
    """Its text in pieces, read as they are taken; what it says of itself, what was lost on the way, notes at its end."""

    texts: Iterator[str]
    about: dict[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    notes: Callable[[], dict[str, Any]] = dict


class _Refused(Exception):
    """A file that is no book; its text is the reason."""


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The parts of a book, or why there are none; chapters that can't be read are losses beside it."""

    path = place(file)
    try:
        with path.open("rb") as stream:
            try:
                book = _open(stream, file.name)
                yield from _documents(source, file.name, book)
            except (_Refused, BadArchive) as error:
                yield Loss(str(error), file.name, size=path.stat().st_size)
    except OSError as error:
        yield unreadable(path, error)


def _documents(source: Source, name: str, book: _Book) -> Iterator[Document | Loss]:
    from tasks.ingest.books.gutenberg import Cut, strip

    cut = Cut()
    texts = strip(book.texts, cut) if source.strip_gutenberg else book.texts
    group = source.group_of(name, name)
    count = 0
    for part in _parts(texts, source.part_characters):
        text = clean(part).strip("\n")
        where = f"{name}#{count}"
        count += 1
        if not text.strip():
            yield Loss("empty", where)
        elif is_unreadable(text):
            yield Loss("bad-charset", where, size=len(part))
        else:
            about = {"title": PurePosixPath(name).stem} | book.about | book.notes() | _gutenberg(cut)
            date = about.pop("date", None)
            yield Document(
                document_id(source.name, name, str(count - 1)),
                text,
                source=source.name,
                kind="book",
                date=date,
                metadata={key: _clean(value) for key, value in about.items()} | {"group": group},
            )
    if not count and not book.losses:
        yield Loss("empty", name)
    yield from book.losses


def _gutenberg(cut: Any) -> dict[str, Any]:
    """Metadata of what was cut: characters by place, and the header's fields."""
    if not cut.header and not cut.footer:
        return {}
    names = {"language": "declared_language", "released": "date", "number": "gutenberg_number"}
    about = {names.get(name, name): value for name, value in cut.about.items()}
    return about | {"gutenberg_cut": {"header": cut.header, "footer": cut.footer}}


def _clean(value: Any) -> Any:

    return clean(value) if isinstance(value, str) else value


def _open(stream: IO[bytes], name: str) -> _Book:
    from tasks.ingest.books.epub import Epub, is_archive

    if is_archive(stream.read(4)):
        epub = Epub(stream)
        book = _Book(iter(()), epub.about)
        book.texts = epub.texts(name, book.losses)
        book.notes = lambda: (
            {"chapters": epub.chapters}
            | ({"left_out": dict(sorted(epub.left_out.items()))} if epub.left_out else {})
        )
        return book
    stream.seek(0)
    probe, source = probed(pieces(stream))
    wide = probe.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not probe:
        raise _Refused(next((piece.reason for piece in source if isinstance(piece, Damage)), "empty-file"))
    if _HTML.match(probe[:4096]) or (name.lower().endswith(_HTML_NAMES) and b"<" in probe):
        return _html_book(source, name)
    if b"\0" in probe and not wide:
        raise _Refused("binary")
    book = _Book(iter(()))
    book.texts = _characters(charset_of(probe), source, name, book.losses)
    return book


def _html_book(source: Pieces, name: str) -> _Book:
    from tasks.ingest.books.html import MAX_BYTES, read_page

    book = _Book(iter(()))
    data = bytearray()
    for piece in source:
        data += _bytes(piece, name, book.losses)
        if len(data) > MAX_BYTES:
            raise _Refused("too-large")
    page = read_page(decode(bytes(data), html=True)[0])
    metas = page.metas
    found = {
        "title": page.title or metas.get("dc.title"),
        "author": metas.get("author") or metas.get("dc.creator"),
        "declared_language": page.attributes.get("lang") or page.attributes.get("xml:lang"),
    }
    book.about = {
        key: " ".join(value.split())[:300] for key, value in found.items() if value and value.strip()
    }
    book.texts = iter([page.text])
    return book


def _bytes(piece: bytes | Damage, name: str, losses: list[Loss]) -> bytes:
    """A piece's bytes; damage is noted as a loss and gives none."""

    if isinstance(piece, bytes):
        return piece
    losses.append(Loss(piece.reason, f"{name}@{piece.offset}", size=piece.size))
    return b""


def _characters(charset: str, source: Pieces, name: str, losses: list[Loss]) -> Iterator[str]:
    """The text in pieces."""
    decoder = codecs.getincrementaldecoder(charset)("replace")
    for piece in source:
        yield decoder.decode(_bytes(piece, name, losses))
    yield decoder.decode(b"", True)


def _parts(pieces: Iterator[str], limit: int) -> Iterator[str]:
    """Joins pieces to parts of about `limit` characters, cut at the last empty line if there is one."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size > limit:
            text = "".join(held)
            cut = _last_gap(text, limit // 2, limit)
            yield text[:cut]
            held, size = [text[cut:]], len(text) - cut
    if size:
        yield "".join(held)


def _last_gap(text: str, start: int, stop: int) -> int:
    """Behind the last empty line between start and stop; stop if there is none."""
    end = text.rfind("\n", start, stop)
    while (before := text.rfind("\n", start, max(end, 0))) >= 0:
        if not text[before:end].strip():
            return end + 1
        end = before
    return stop
