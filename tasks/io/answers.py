"""What a try at a remote object can come to."""

from __future__ import annotations

from typing import Protocol

from tasks.errors import ConfigError
from tasks.io.object_version import Version

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


def without_version(shown: str) -> ConfigError:
    return ConfigError(
        f"ingest: {shown}: the server gives no size, or neither ETag nor Last-Modified, so nothing would tell that the "
        f"file has changed. Download it and name the local copy."
    )
