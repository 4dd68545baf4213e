from __future__ import annotations

import gzip
import io
import zlib

import pytest
from fastwarc.stream_io import BrotliWriter

from tasks.ingest import http
from tasks.ingest.http import BadMessage, parse, payload

TEXT = b"<p>" + b"hello world " * 50


def body_of(body: bytes, fields: str) -> bytes:
    return payload(parse(b"HTTP/1.1 200 OK\r\n" + fields.encode() + b"\r\n\r\n" + body))


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def brotli(data: bytes) -> bytes:
    out = io.BytesIO()
    stream = BrotliWriter(out)
    stream.write(data)
    stream.close()
    return out.getvalue()


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


def test_status_fields_and_charset() -> None:
    message = parse(
        b'HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML; Charset="UTF-8"\r\nA: b\r\n c\r\n\r\nbody'
    )
    assert (message.status, message.content_type, message.charset) == (404, "text/html", "UTF-8")
    assert message.fields["a"] == "b c"
    assert message.body == b"body"


@pytest.mark.parametrize("data", [b"", b"<html>", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1"])
def test_what_is_no_response_is_bad_http(data: bytes) -> None:
    with pytest.raises(BadMessage, match="bad-http"):
        parse(data)


def test_headers_with_line_feeds_alone_are_read() -> None:
    assert parse(b"HTTP/1.0 200 OK\nContent-Type: text/html\n\nx").body == b"x"


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate), ("br", brotli)],
)
def test_content_codings_are_undone(coding: str, encode) -> None:
    assert body_of(encode(TEXT), f"Content-Encoding: {coding}") == TEXT


def test_both_codings_are_undone_in_their_order() -> None:
    body = chunked(gzip.compress(TEXT)[:20], gzip.compress(TEXT)[20:])
    assert body_of(body, "Transfer-Encoding: chunked\r\nContent-Encoding: gzip") == TEXT


@pytest.mark.parametrize(
    "fields", ["Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: chunked"]
)
def test_a_declared_coding_that_the_bytes_do_not_bear_out_is_ignored(fields: str) -> None:
    assert body_of(TEXT, fields) == TEXT


@pytest.mark.parametrize(
    ("body", "fields", "reason"),
    [
        (chunked(TEXT)[:-40], "Transfer-Encoding: chunked", "bad-chunking"),
        (b"5\r\nhello\r\nzz\r\n", "Transfer-Encoding: chunked", "bad-chunking"),
        (gzip.compress(TEXT)[:-8] + bytes(8), "Content-Encoding: gzip", "bad-encoding"),
        (b"\x00\x01\x02", "Content-Encoding: sdch", "unsupported-encoding"),
    ],
)
def test_damaged_codings_have_their_reasons(body: bytes, fields: str, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        body_of(body, fields)


def test_a_bomb_stops_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_PAYLOAD", 1 << 20)
    for coding, encode in (("gzip", gzip.compress), ("br", brotli)):
        with pytest.raises(BadMessage, match="too-large"):
            body_of(encode(bytes(8 << 20)), f"Content-Encoding: {coding}")
