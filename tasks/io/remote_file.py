"""Remote objects as files: read forward without a copy on disk, seekable, resumed at the byte where a transfer broke.

What a file holds is fixed when the run asks for its version; every transfer insists on that version, so bytes of
two states never mix, and a shard never holds the content of one under the fingerprint of another.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from tasks.errors import StageError
from tasks.io.answers import Body, Changed, Refused
from tasks.io.location import RealPath, file_name, is_remote, shown
from tasks.io.object_version import Version
from tasks.io.retry import Broken, Effort, Patience, Stalled
from tasks.io.transport import open_body

if TYPE_CHECKING:
    from tasks.node import Input

log = logging.getLogger("smelt")
PATIENCE = Patience()
READ_BYTES = 256 << 10  # asked of a transfer at a time
HISTORY = 1 << 20  # bytes behind the position that are kept: readers go back a little after damage
SKIP = 1 << 20  # a jump forward by less is read over
WINDOW = 1 << 20  # asked for after a jump; doubles while reading goes on from there


def ask(address: str, patience: Patience | None = None) -> Version:
    """The present version of an object. Raises Refused, or TransientError when it doesn't answer for long.

    One byte is asked for rather than HEAD: signed addresses allow only GET, and the answer shows what ranges give.
    """
    patience = patience or PATIENCE
    effort = Effort(patience, shown(address))
    while True:
        try:
            with effort.waiting():
                body = open_body(address, 0, 1, None, patience.stall)
            body.close()
            return body.version
        except (Broken, Changed) as error:
            effort.failed(error if isinstance(error, Broken) else Broken("it changed meanwhile"))


def digest_of(address: str, patience: Patience | None = None) -> str:
    """What identifies a remote input: its version, or the reason why there is none (`http-404`).

    A server that says nothing at all, to the last try, costs its file and not the run: "no-answer". The next run asks
    again. One that asks to come back later (503) is taken at its word: TransientError, the run ends.
    """
    try:
        return ask(address, patience).digest
    except Refused as error:
        return str(error)
    except Stalled as error:
        log.warning("%s Its records are missing from this run.", error)
        return "no-answer"


def fetch(address: str, digest: str, limit: int, patience: Patience | None = None) -> bytes:
    """A small object, of the version that its digest names, as a whole.

    Raises StageError if it can't be had or is larger than `limit` bytes.
    """
    version = Version.parse(digest)
    if version is None:
        raise StageError(f"ingest: {shown(address)} can't be had ({digest}). Correct the address.")
    if version.size > limit:
        raise StageError(
            f"ingest: {shown(address)} has {version.size:,} bytes; at most {limit:,} were expected"
        )
    with RemoteFile(address, version, patience) as file:
        return file.read()


@dataclass(frozen=True, slots=True)
class Stat:
    st_size: int


class RemotePath:
    """The part of pathlib's interface that readers use; `digest` names the version, by default the present one."""

    def __init__(self, address: str, digest: str | None = None, patience: Patience | None = None):
        self._address, self._patience = address, patience
        version = ask(address, patience) if digest is None else Version.parse(digest)
        if version is None:
            raise StageError(f"ingest: {shown(address)} can't be had ({digest})")
        self._version = version

    @property
    def name(self) -> str:
        return file_name(self._address)

    def __str__(self) -> str:
        return shown(self._address)

    def exists(self) -> bool:
        return True

    def stat(self) -> Stat:
        return Stat(self._version.size)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """A binary file; nothing is transferred before the first read."""
        if mode != "rb":
            raise ValueError(f"remote files are read as bytes, not {mode!r}")
        return cast(IO[bytes], RemoteFile(self._address, self._version, self._patience))


class RemoteFile(io.RawIOBase):
    """A seekable binary file; `read(n)` gives n bytes, or fewer at the end only.

    Troubles that pass are waited for (`Patience`); else it raises TransientError, or StageError where the object
    has gone or changed. Never OSError: readers take that for damage.
    """

    def __init__(self, address: str, version: Version, patience: Patience | None = None):
        super().__init__()
        self._address, self._version = address, version
        self._patience = patience or PATIENCE
        self._effort = Effort(self._patience, shown(address))
        self._at = 0
        self._held = bytearray()  # bytes of the object from `_base` on, up to where the transfer stands
        self._base = 0
        self._body: Body | None = None
        self._window: int | None = None  # of the next request; None: up to the end

    # -- what io.RawIOBase asks for

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._version.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._version.size - self._at)
        left = left if size is None or size < 0 else min(size, left)
        parts: list[bytes] = []
        while left:
            part = self._some(left)
            parts.append(part)
            self._at += len(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return self.read()

    def close(self) -> None:
        self._drop()
        self._held.clear()
        super().close()

    # -- transfers

    def _some(self, size: int) -> bytes:
        """At least one byte and at most `size` from the position on, which lies before the end."""
        self._go_to_position()
        offset = self._at - self._base
        while len(self._held) <= offset:
            self._fill()
            offset = self._at - self._base
        return bytes(memoryview(self._held)[offset : offset + size])

    def _go_to_position(self) -> None:
        end = self._base + len(self._held)
        near = self._base <= self._at <= end or (self._body is not None and end < self._at <= end + SKIP)
        if not near:
            self._drop()
            self._held.clear()
            self._base = self._at
            self._window = WINDOW

    def _fill(self) -> None:
        """Appends what the transfer gives next; begins one where there is none, and again where it broke."""
        try:
            with self._effort.waiting():
                data = self._next()
        except Broken as error:
            self._drop()
            self._effort.failed(error)
            return
        except (Refused, Changed) as error:
            self._drop()
            what = f"can't be had any more ({error})" if isinstance(error, Refused) else "has changed"
            raise StageError(
                f"ingest: {shown(self._address)} {what} since this run asked for it. Run again; what is finished stays."
            ) from None
        self._effort.received(len(data))
        surplus = len(self._held) - HISTORY
        if surplus > HISTORY:
            del self._held[:surplus]
            self._base += surplus
        self._held += data

    def _next(self) -> bytes:
        while True:
            if self._body is None:
                start = self._base + len(self._held)
                stop = None if self._window is None else start + self._window
                if stop is not None and stop >= self._version.size:
                    stop = None
                self._window = None if stop is None or self._window is None else self._window * 2
                self._body = open_body(self._address, start, stop, self._version, self._patience.stall)
            if ahead := self._body.ahead:
                self._body.read(min(ahead, READ_BYTES))
                return b""  # no progress, however much comes: a file that breaks late must not begin again for ever
            data = self._body.read(READ_BYTES)
            if data:
                return data
            self._drop()  # the stretch that was asked for has ended

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def place(file: Input) -> RealPath | RemotePath:
    """What a reader opens to read an input: `open("rb")`, `stat().st_size`, `name` and `exists()` do for both."""
    return RemotePath(file.path, file.digest) if is_remote(file.path) else RealPath(file.path)


def located(path: str | Path | RemotePath) -> Path | RemotePath:
    """A path, or what stands for one, in its present version, where it is an address."""
    if not isinstance(path, str):
        return path
    return RemotePath(path) if is_remote(path) else Path(path)
