from __future__ import annotations

import gzip
import io
import zlib

import pytest
from fastwarc.stream_io import BrotliWriter, ZstdWriter

from tasks.ingest.warc import http
from tasks.ingest.warc.http import BadMessage, parse, payload

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
        (gzip.compress(TEXT, mtime=0)[:-8] + bytes(8), "Content-Encoding: gzip", "bad-encoding"),
        (b"\x00\x01\x02", "Content-Encoding: sdch", "unsupported-encoding"),
    ],
)
def test_damaged_codings_have_their_reasons(body: bytes, fields: str, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        body_of(body, fields)


def test_a_bomb_stops_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_PAYLOAD", 1 << 20)
    for coding, encode in (("gzip", gzip.compress), ("deflate", raw_deflate), ("br", brotli), ("zstd", zstd)):
        with pytest.raises(BadMessage, match="too-large"):
            body_of(encode(bytes(8 << 20)), f"Content-Encoding: {coding}")


def zstd(data: bytes) -> bytes:
    out = io.BytesIO()
    stream = ZstdWriter(out)
    stream.write(data)
    stream.close()
    return out.getvalue()


def test_stacked_codings_are_undone_from_the_last_to_the_first() -> None:
    body = zstd(brotli(zlib.compress(gzip.compress(TEXT))))
    assert body_of(body, "Content-Encoding: gzip, deflate, br, zstd") == TEXT
    assert body_of(zstd(TEXT), "Content-Encoding: ZSTD") == TEXT


def test_a_body_of_several_gzip_members_is_read_to_its_end() -> None:
    body = gzip.compress(TEXT) + gzip.compress(TEXT)
    assert body_of(body, "Content-Encoding: gzip") == TEXT * 2
    assert body_of(body + b"junk", "Content-Encoding: gzip") == TEXT * 2


def test_a_pile_of_codings_is_refused() -> None:
    with pytest.raises(BadMessage, match="unsupported-encoding"):
        body_of(TEXT, "Content-Encoding: " + ", ".join(["gzip"] * 1000))


def test_plain_text_under_a_coding_without_a_mark_is_text() -> None:
    for coding in ("br", "deflate"):
        assert body_of(b'{"a": 1}\n', f"Content-Encoding: {coding}") == b'{"a": 1}\n'
        with pytest.raises(BadMessage, match="bad-encoding"):
            body_of(b"\x07\xff\xfe" * 9, f"Content-Encoding: {coding}")
