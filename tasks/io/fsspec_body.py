"""Bytes of an object through fsspec (s3, and whatever else has a filesystem there): block by block.

fsspec's filesystems bring connections, credentials and read time-outs of their own (s3fs: AWS's chain). They take
no condition with a read, so the version is looked at before the first block and behind the last: equal at both
ends, every block between was of it.
"""

from __future__ import annotations

from typing import Any

from tasks.errors import ConfigError
from tasks.io.answers import PACKAGES, Changed, Refused, without_version
from tasks.io.location import shown
from tasks.io.object_version import Version
from tasks.io.retry import Broken, Silent

BLOCK = 8 << 20
_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"}


def filesystem(address: str) -> tuple[Any, str]:
    """fsspec's filesystem for an address, and the path in it. ConfigError names the package that is missing."""
    import fsspec

    scheme = address.split("://", 1)[0].lower()
    if scheme in ("file", "local"):
        raise ConfigError(f"ingest: {shown(address)}: write local paths without {scheme}://")
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except ImportError:
        package = PACKAGES.get(scheme)
        what = (
            f"the package {package}: pip install {package}" if package else "a package that isn't installed"
        )
        raise ConfigError(f"ingest: {shown(address)}: {scheme}:// needs {what}") from None
    except ValueError as error:
        raise ConfigError(f"ingest: {shown(address)}: {shown(str(error))}") from None
    return found


def translated(error: Exception, address: str) -> Exception:
    """What an error of a filesystem means. botocore's and other libraries' own count as passing troubles."""
    if isinstance(error, FileNotFoundError | IsADirectoryError):
        return Refused("http-404")
    if isinstance(error, PermissionError):
        return Refused("http-403")
    if isinstance(error, TimeoutError):
        return Silent("no byte came in time")
    if isinstance(error, NotImplementedError | TypeError):
        return error
    name = type(error).__name__
    if name in _CREDENTIALS:
        return ConfigError(
            f"ingest: {shown(address)}: no usable credentials ({name}); see the documentation of its package"
        )
    return Broken(shown(getattr(error, "strerror", None) or name))


def version_of(info: dict[str, Any]) -> Version | None:
    """The version of an object from fsspec's description of it."""
    size, etag = info.get("size"), info.get("ETag") or info.get("etag")
    if size is None:
        return None
    modified = None
    if not etag:
        moment = info.get("LastModified") or info.get("updated") or info.get("mtime") or info.get("created")
        modified = str(moment) if moment is not None else None
    return Version.of(int(size), etag, modified)


class BlockBody:
    """A stretch of an object; holds one block of it."""

    ahead = 0

    def __init__(self, address: str, start: int, stop: int | None, expected: Version | None):
        self._address = address
        self._system, self._path = filesystem(address)
        self.version = self._look(expected)
        self._at = start
        self._stop = self.version.size if stop is None else min(stop, self.version.size)
        self._block = memoryview(b"")

    def read(self, size: int) -> bytes:
        if not len(self._block):
            if self._at >= self._stop:
                return b""
            self._block = memoryview(self._fetch())
            self._at += len(self._block)
            if self._at >= self._stop:
                self._look(self.version)
        data, self._block = bytes(self._block[:size]), self._block[size:]
        return data

    def close(self) -> None:
        self._block = memoryview(b"")

    def _fetch(self) -> bytes:
        stop = min(self._at + BLOCK, self._stop)
        try:
            data: bytes = self._system.cat_file(self._path, start=self._at, end=stop)
        except Exception as error:
            raise translated(error, self._address) from None
        if not data or len(data) > stop - self._at:
            raise Broken("a block came with another length than asked for")
        return data

    def _look(self, expected: Version | None) -> Version:
        try:
            self._system.invalidate_cache(self._path)
            info = self._system.info(self._path)
        except Exception as error:
            raise translated(error, self._address) from None
        if info.get("type") == "directory":
            raise Refused("http-404")
        found = version_of(info)
        if found is None:
            raise without_version(shown(self._address))
        if expected is not None and found.digest != expected.digest:
            raise Changed
        return found
