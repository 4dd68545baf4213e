from __future__ import annotations

import base64
import binascii
import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.warc.digest import _base32, matches, mismatches

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def base32(data: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm}:{base64.b32encode(hashlib.new(algorithm, data).digest()).decode()}"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "md5"])
def test_base32_base64_and_hexadecimal_are_read_in_either_case(algorithm: str) -> None:
    digest = hashlib.new(algorithm, b"data").digest()
    texts = [digest.hex(), digest.hex().upper(), base64.b64encode(digest).decode()]
    texts += [base64.b32encode(digest).decode(), base64.b32encode(digest).decode().rstrip("=").lower()]
    for text in texts:
        assert matches(f"{algorithm}:{text}", [b"data"]) is True
        assert matches(f"{algorithm.upper()}: {text}", [b"Data"]) is False


@pytest.mark.parametrize("declared", ["", "sha1", "sha1:", "sha1:xyz", "crc32:00000000", "sha1:" + "é" * 32])
def test_a_digest_that_can_not_be_read_is_neither_right_nor_wrong(declared: str) -> None:
    assert matches(declared, [b"data"]) is None


@given(st.binary(min_size=20, max_size=20), st.integers(0, 31), st.sampled_from("018_9 -+Aa27"))
def test_base32_is_read_like_the_standard_library_reads_it(digest: bytes, place: int, other: str) -> None:
    text = base64.b32encode(digest).decode()
    assert _base32(text, 20) == _base32(text.lower(), 20) == digest
    changed = text[:place] + other + text[place + 1 :]
    try:
        expected = base64.b32decode(changed.upper())
    except binascii.Error:
        expected = None
    assert _base32(changed, 20) == expected


def test_block_and_payload_are_told_apart() -> None:
    block = HTTP + b"\r\n<p>text"
    right = {
        "warc-type": "response",
        "warc-block-digest": base32(block),
        "warc-payload-digest": base32(b"<p>text"),
    }
    assert mismatches(right, block) == []
    assert mismatches(right | {"warc-payload-digest": base32(b"other")}, block) == ["payload"]
    assert mismatches(right | {"warc-block-digest": base32(b"other")}, block) == ["block"]
    assert mismatches(right, block.replace(b"text", b"test")) == ["block", "payload"]


def test_a_payload_is_right_with_and_without_its_codings() -> None:
    page = gzip.compress(b"<p>text")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(page), page)
    block = HTTP + CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + body
    for payload in (body, page, b"<p>text"):
        fields = {"warc-type": "response", "warc-payload-digest": base32(payload)}
        assert mismatches(fields, block) == []


def test_a_resource_is_its_own_payload_and_a_segment_has_none() -> None:
    fields = {"warc-type": "resource", "warc-payload-digest": base32(b"text")}
    assert mismatches(fields, b"text") == []
    assert mismatches(fields, b"test") == ["payload"]
    assert mismatches(fields | {"warc-segment-number": "1"}, b"te") == []
