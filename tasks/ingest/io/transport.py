"""One try at a remote object: its bytes from an offset on, over HTTP, or block by block through fsspec.

What may pass is raised as `Broken`, what stays as `Refused`, a different object in its place as `Changed`; none
of them is an OSError, which readers take for damage in a file.
"""

from __future__ import annotations

from typing import Protocol

from tasks.errors import ConfigError
from tasks.ingest.io.location import is_http
from tasks.ingest.io.object_version import Version

PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


class Refused(Exception):
    """The object can't be had, however often it is asked for; the text is the reason, `http-404`."""


class Changed(Exception):
    """The object is not the one that was asked for at the beginning."""


class Body(Protocol):
    """Bytes of an object, in order."""

    version: Version
    ahead: int  # bytes that come before the offset asked for: the server doesn't understand Range

    def read(self, size: int) -> bytes:
        """At least one byte and at most `size`, or b"" where the object, or the stretch asked for, ends."""

    def close(self) -> None: ...


def open_body(
    address: str,
    start: int = 0,
    stop: int | None = None,
    expected: Version | None = None,
    stall: float = 30.0,
) -> Body:
    """The bytes from `start` to `stop` (None: the end).

    expected: the version that it must be. stall: seconds without a byte after which a read fails.
    Raises Broken, Refused, Changed; ConfigError where the configuration or the installation is wrong.
    """
    if is_http(address):
        from tasks.ingest.io.http_body import HttpBody

        return HttpBody(address, start, stop, expected, stall)
    from tasks.ingest.io.fsspec_body import BlockBody

    return BlockBody(address, start, stop, expected)


def without_version(shown: str) -> ConfigError:
    return ConfigError(
        f"ingest: {shown}: the server gives no size, or neither ETag nor Last-Modified, so nothing would tell that the "
        f"file has changed. Download it and name the local copy."
    )
