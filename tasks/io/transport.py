"""One try at a remote object: its bytes from an offset on, over HTTP, or block by block through fsspec.

What may pass is raised as `Broken`, what stays as `Refused`, a different object in its place as `Changed`; none
of them is an OSError, which readers take for damage in a file.
"""

from __future__ import annotations

from tasks.io.answers import Body
from tasks.io.location import is_http
from tasks.io.object_version import Version


def open_body(address: str, start: int, stop: int | None, expected: Version | None, stall: float) -> Body:
    """The bytes from `start` to `stop` (None: the end).

    expected: the version that it must be. stall: seconds without a byte after which a read fails.
    Raises Broken, Refused, Changed; ConfigError where the configuration or the installation is wrong.
    """
    if is_http(address):
        from tasks.io.http_body import HttpBody

        return HttpBody(address, start, stop, expected, stall)
    from tasks.io.fsspec_body import BlockBody

    return BlockBody(address, start, stop, expected)
