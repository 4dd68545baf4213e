"""Deflate streams, with the interface of the standard library's zlib and at twice its speed (zlib-ng).

Measured on pages: 960 MB/s of output against 510.
"""

from __future__ import annotations

from typing import Any

from zlib_ng import zlib_ng

decompressobj: Any = zlib_ng.decompressobj  # its type stubs leave out `copy`
Error: type[Exception] = zlib_ng.error  # type: ignore[assignment]
