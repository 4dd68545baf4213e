"""The checksums that WARC records declare: WARC-Block-Digest of the record's block, WARC-Payload-Digest of what the
HTTP response carries."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.ingest.warc.http import Message

# Algorithms and how many bytes their digests have.
ALGORITHMS = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}

# RFC 4648's base32 digits in either case to those of `int`; what they don't have becomes one that it doesn't have.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_DIGITS = str.maketrans(
    dict.fromkeys("0189", "z")
    | {
        form: "0123456789abcdefghijklmnopqrstuv"[value]
        for value, letter in enumerate(_LETTERS)
        for form in (letter, letter.upper())
    }
)


def mismatches(fields: Mapping[str, str], block: bytes, message: Message | None = None) -> list[str]:
    """Which of a record's digests ("block", "payload") its bytes don't have. What can't be checked counts as right.

    fields: the record's, lower-case names. message: the block's HTTP message where it has been parsed already.

    Tools differ on what a payload is where the body has a transfer or content coding: as it stands, without the
    transfer coding, or without either. A digest of any of the three is right.
    """
    wrong = []
    if matches(fields.get("warc-block-digest", ""), [block]) is False:
        wrong.append("block")
    # A segmented payload's digest is that of all segments together.
    if "warc-segment-number" not in fields and (
        matches(fields.get("warc-payload-digest", ""), _payloads(block, message)) is False
    ):
        wrong.append("payload")
    return wrong


def matches(declared: str, candidates: Iterable[bytes | memoryview]) -> bool | None:
    """Whether one of the candidates has a digest "algorithm:value"; None if it can't be read.

    The value is base32 or base64 with or without padding, or hexadecimal, in either case.

    >>> matches("md5:900150983CD24FB0D6963F7D28E17F72", [b"abc"]), matches("sha1:", [b"abc"])
    (True, None)
    """
    algorithm, _, value = declared.partition(":")
    algorithm = algorithm.strip().lower().replace("-", "")
    if algorithm not in ALGORITHMS:
        return None
    wanted = _value(value.strip(), ALGORITHMS[algorithm])
    if wanted is None:
        return None
    return any(
        hashlib.new(algorithm, candidate, usedforsecurity=False).digest() == wanted
        for candidate in candidates
    )


def _value(text: str, size: int) -> bytes | None:
    """The `size` bytes that a digest's text stands for; each of the notations has a length of its own."""
    text = text.rstrip("=")
    try:
        if len(text) == 2 * size:
            return bytes.fromhex(text)
        if len(text) == -(-size * 8 // 5):
            return _base32(text, size)
        if len(text) == -(-size * 8 // 6):
            return base64.b64decode(
                text + "=" * (-len(text) % 4), altchars=b"-_" if set("-_") & set(text) else None
            )
    except (ValueError, binascii.Error):
        pass
    return None


def _base32(text: str, size: int) -> bytes | None:
    """As `base64.b32decode`, which takes ten times as long: the text as a number to the base of 32."""
    digits = text.translate(_DIGITS)
    if "z" in digits or not digits.isascii() or not digits.isalnum():
        return None
    spare = len(text) * 5 - size * 8
    return (int(digits, 32) >> spare).to_bytes(size, "big")


def _payloads(block: bytes, message: Message | None) -> Iterator[bytes | memoryview]:
    from tasks.ingest.warc.http import BadMessage, dechunked, parse, payload

    if not block.startswith(b"HTTP/"):  # a resource, or another protocol's response
        yield block
        return
    try:
        message = message or parse(block)
        yield memoryview(block)[message.start :]
        if "transfer-encoding" in message.fields:
            yield dechunked(message)
        if "content-encoding" in message.fields:
            yield payload(message)
    except BadMessage:
        return
