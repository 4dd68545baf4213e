"""Which state of a remote object is meant: its size, and its ETag or the time of its last change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

LONGEST = 200  # characters of an ETag that are kept as they are


@dataclass(frozen=True, slots=True)
class Version:
    """size: in bytes. mark: the ETag as the server writes it, quotes included, or a time without one.

    The digest of a remote input is a version in words, so that who reads it knows what to insist on.
    """

    size: int
    mark: str
    is_etag: bool

    @classmethod
    def of(cls, size: int, etag: str | None, modified: str | None) -> Version | None:
        """None where a server gives neither ETag nor time: nothing would say that the object has changed.

        An object without a byte needs neither.
        """
        if etag or not modified:
            return cls(size, etag or "", True) if etag or size == 0 else None
        return cls(size, modified, False)

    @property
    def digest(self) -> str:
        """
        >>> Version(12, '"abc"', True).digest
        'etag:12:"abc"'
        """
        mark = self.mark
        if len(mark) > LONGEST:
            mark = hashlib.sha256(mark.encode()).hexdigest()
        return f"{'etag' if self.is_etag else 'modified'}:{self.size}:{mark}"

    @classmethod
    def parse(cls, digest: str) -> Version | None:
        """The version that a digest names; None if it is another kind of digest (a checksum, a refusal)."""
        kind, _, rest = digest.partition(":")
        size, _, mark = rest.partition(":")
        if kind not in ("etag", "modified") or not size.isdigit():
            return None
        return cls(int(size), mark, kind == "etag")

    @property
    def strong(self) -> str | None:
        """The ETag if it may stand in If-Match (RFC 9110, 8.8.3.2: weak ones never match there)."""
        fits = self.is_etag and self.mark.startswith('"') and self.mark.isascii()
        return self.mark if fits else None
