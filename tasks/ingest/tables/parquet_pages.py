"""What a Parquet file's columns take, from its footer and the headers of its pages alone.

pyarrow decodes a page as a whole, and takes about twice its size while it does; the footer has sums only, so the page
headers are read here. The footer is, too: asked for a column's metadata that is damaged, pyarrow 26 ends the process
("Repetition level histogram size mismatch").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from tasks.ingest.tables.thrift import read_struct

_HEADER = 64 << 10  # bytes in which a page's header must end; statistics are the largest part of it
_MAGIC = b"PAR1"
# Field numbers of the Parquet format: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData, PageHeader.
_ROW_GROUPS, _COLUMNS, _METADATA = 4, 1, 3
_PATH, _UNCOMPRESSED, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 3, 6, 7, 9, 11
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3


@dataclass(frozen=True)
class Chunk:
    """A column's part of a row group. name: its path with dots; start: of its pages; sizes in bytes."""

    name: str
    start: int
    compressed: int
    uncompressed: int


def column_chunks(file: IO[bytes]) -> list[list[Chunk]]:
    """The columns of each row group. ValueError if the footer doesn't say."""
    file.seek(0, 2)
    end = file.tell() - 8
    file.seek(max(0, end))
    tail = file.read(8)
    size = int.from_bytes(tail[:4], "little")
    if end < size or tail[4:] != _MAGIC:
        raise ValueError("no footer")
    file.seek(end - size)
    try:
        footer, _ = read_struct(file.read(size))
        return [
            [_chunk(column[_METADATA]) for column in group[_COLUMNS]] for group in footer.get(_ROW_GROUPS, [])
        ]
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a damaged footer ({error})") from None


def _chunk(metadata: dict[int, Any]) -> Chunk:
    start = int(metadata[_DATA_PAGE])
    if dictionary := metadata.get(_DICTIONARY_PAGE):
        start = min(start, int(dictionary))
    name = b".".join(metadata[_PATH]).decode("utf-8", "replace")
    return Chunk(name, start, int(metadata[_COMPRESSED]), int(metadata[_UNCOMPRESSED]))


def page_sizes(file: IO[bytes], start: int, size: int) -> Iterator[int]:
    """The uncompressed sizes of the pages in `size` bytes from `start`; stops where something is no header."""
    end = start + size
    while 0 <= start < end:
        try:
            file.seek(start)
            fields, length = read_struct(file.read(min(_HEADER, end - start)))
            uncompressed, compressed = int(fields[_PAGE_UNCOMPRESSED]), int(fields[_PAGE_COMPRESSED])
        except (IndexError, KeyError, TypeError, ValueError, OverflowError):
            return
        yield uncompressed
        if compressed < 0:
            return
        start += length + compressed
