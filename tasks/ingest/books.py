"""Books: plain text files, a document each; very long ones in parts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Literal

from pydantic import Field

from tasks.ingest.location import place
from tasks.ingest.source import BaseSource, unreadable
from tasks.node import Input

if TYPE_CHECKING:
    from tasks.document import Document, Loss

PER_FILE = False
_PROBE = 256 << 10  # bytes that decide the charset
_GAP = re.compile(r"\n[ \t]*\n(?!.*\n[ \t]*\n)", re.DOTALL)


class Source(BaseSource):
    """Text files, one book each.

    extensions: which files of a folder are books.
    part_characters: a longer book becomes several documents of about this length, cut at empty lines;
        all are of the book's group.
    """

    kind: Literal["books"] = "books"
    extensions: list[str] = Field(default_factory=lambda: [".txt"])
    part_characters: int = Field(default=4_000_000, ge=1000)

    def accepts(self, name: str) -> bool:
        return name.lower().endswith(tuple(self.extensions))


def read(source: Source, file: Input, sides: Mapping[str, Sequence[Input]]) -> Iterator[Document | Loss]:
    """The parts of a book, or why there are none."""
    from tasks.document import Document, Loss, document_id
    from tasks.ingest.charset import clean
    from tasks.ingest.charset import unreadable as is_unreadable

    path = place(file)
    group = source.group_of(file.name, file.name)
    title = PurePosixPath(file.name).stem
    count = 0
    try:
        with path.open("rb") as stream:
            reason = _refusal(stream.read(_PROBE))
            if reason:
                yield Loss(reason, file.name, size=path.stat().st_size)
                return
            stream.seek(0)
            for part in _parts(_characters(stream), source.part_characters):
                text = clean(part).strip("\n")
                where = f"{file.name}#{count}"
                count += 1
                if not text.strip():
                    yield Loss("empty", where)
                elif is_unreadable(text):
                    yield Loss("bad-charset", where, size=len(part))
                else:
                    id = document_id(source.name, file.name, str(count - 1))
                    about = {"group": group, "title": title}
                    yield Document(id, text, source=source.name, kind="book", metadata=about)
    except OSError as error:
        yield unreadable(path, error)


def _refusal(start: bytes) -> str | None:
    if not start:
        return "empty-file"
    if b"\0" in start and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "binary"
    return None


def _characters(stream: IO[bytes]) -> Iterator[str]:
    """The text in pieces; the charset is decided on the first `_PROBE` bytes."""
    from tasks.ingest.charset import decode

    probe = stream.read(_PROBE)
    whole = probe[: max(probe.rfind(b"\n"), len(probe) - 4)] if len(probe) == _PROBE else probe
    charset = decode(whole, None)[1] if not whole.isascii() else "utf-8"
    if charset == "utf-8":
        charset = "utf-8-sig"
    decoder = codecs.getincrementaldecoder(charset)("replace")
    data = probe
    while data:
        yield decoder.decode(data)
        data = stream.read(_PROBE)
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
            gap = _GAP.search(text, limit // 2, limit)
            cut = gap.end() if gap else limit
            yield text[:cut]
            held, size = [text[cut:]], len(text) - cut
    if size:
        yield "".join(held)
