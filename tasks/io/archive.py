"""ZIP archives within bounds: what a hostile one costs is known before it is read."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from typing import IO

MAX_DIRECTORY = 8 << 20  # bytes of the central directory, which is read as a whole
MAX_ENTRIES = 50_000
_END = b"PK\x05\x06"
_END64_LOCATOR = b"PK\x06\x07"
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OverflowError, RuntimeError,
    struct.error, IndexError, KeyError,
)  # fmt: skip


class BadArchive(Exception):
    """An archive or member that can't be read; its text is the reason."""


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """A ZIP file, opened. Raises BadArchive: "bad-zip", or "too-large" by the directory's own figures."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 64))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise BadArchive("bad-zip")
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    if tail[max(0, at - 20) : at].startswith(_END64_LOCATOR):
        # ZIP64: its figures stand elsewhere. No book has 65,535 files or 4 GB.
        raise BadArchive("too-large")
    if entries > MAX_ENTRIES or directory > MAX_DIRECTORY:
        raise BadArchive("too-large")
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE:
        raise BadArchive("bad-zip") from None
    except OSError as error:
        raise _reason(error, "bad-zip") from None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's content. Raises BadArchive: "encrypted", "too-large" (over `limit`), "damaged-zip"."""
    if member.flag_bits & 1:
        raise BadArchive("encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadArchive("damaged-zip")
    try:
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
    except _DAMAGE:
        raise BadArchive("damaged-zip") from None
    except OSError as error:
        raise _reason(error, "damaged-zip") from None
    if len(data) > limit:
        raise BadArchive("too-large")
    return data


def _reason(error: OSError, reason: str) -> Exception:
    """Damage that seeks before the file's start is damage; a disk that fails is what it is."""
    return BadArchive(reason) if error.errno in (None, errno.EINVAL) else error
