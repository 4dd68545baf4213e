from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.document import Document, Loss
from tasks.ingest.warc.source import Source, host, read_warc


def read(tmp_path: Path, data: bytes, name: str = "a.warc.gz") -> list[Document | Loss]:
    (tmp_path / name).write_bytes(data)
    return list(read_warc(tmp_path / name))


def reasons(items: list[Document | Loss]) -> list[str | None]:
    return [item.reason if isinstance(item, Loss) else None for item in items]


def test_a_page_becomes_a_document(tmp_path: Path, page: Callable[..., bytes]) -> None:
    [item] = read(tmp_path, gzip.compress(page("Hello &amp; welcome", 7)))
    assert isinstance(item, Document)
    assert (item.text, item.url, item.kind) == ("Hello & welcome", "http://example.com/7", "web")
    assert item.date == "2020-02-03T04:05:06Z"
    assert item.metadata == {"title": "T", "group": "example.com"}


def test_every_record_type_is_accounted_for(tmp_path: Path, record: Callable[..., bytes]) -> None:
    kinds = ["warcinfo", "request", "metadata", "revisit", "continuation", "whatever"]
    items = read(tmp_path, b"".join(record(b"x", kind) for kind in kinds))
    assert reasons(items) == [*kinds[:-1], "unknown-type"]
    assert len({item.where for item in items}) == len(kinds)


def test_wet_and_resource_records_are_documents(tmp_path: Path, record: Callable[..., bytes]) -> None:
    wet = record("Plain text, déjà extracted".encode(), "conversion", content_type="text/plain")
    resource = record(b"<html><p>A page", "resource", content_type="text/html; charset=utf-8")
    assert [item.text for item in read(tmp_path, wet + resource)] == ["Plain text, déjà extracted", "A page"]


def test_addresses_lose_their_brackets_and_spaces(tmp_path: Path, record: Callable[..., bytes]) -> None:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>text"
    items = read(tmp_path, record(http, url="<http://example.com/a b>"))
    assert items[0].url == "http://example.com/a%20b"


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>gone", "http-status"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n", "not-html"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n%PDF-1.4 x", "not-html"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "not-html"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "empty"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<script>x</script>", "empty"),
        (b"HTTP/1.1 2xx OK\r\n\r\n<p>x", "bad-http"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8bxx", "bad-encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: sdch\r\n\r\nxx", "unsupported-encoding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "bad-chunking"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>plain html", None),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nplain text", None),
        (b"HTTP/1.1 200 OK\r\n\r\n<!-- x --><!DOCTYPE html><p>no type", None),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=none\r\n\r\n<p>caf\xe9 cr\xe8me", None),
    ],
)
def test_responses_are_taken_or_dropped_with_a_reason(
    tmp_path: Path, record: Callable[..., bytes], http: bytes, reason: str | None
) -> None:
    assert reasons(read(tmp_path, record(http))) == [reason]


def test_a_damaged_record_costs_only_itself(tmp_path: Path, page: Callable[..., bytes]) -> None:
    members = [bytearray(gzip.compress(page("x" * 200 + str(number), number))) for number in range(5)]
    members[2][60] ^= 0xFF
    items = read(tmp_path, b"".join(members))
    assert reasons(items) == [None, None, "damaged-gzip", None, None]


def test_one_member_with_all_records_and_members_cut_anywhere(
    tmp_path: Path, page: Callable[..., bytes]
) -> None:
    whole = b"".join(page(f"page {number}", number) for number in range(4))
    cut = b"".join(gzip.compress(whole[at : at + 100]) for at in range(0, len(whole), 100))
    for data in (gzip.compress(whole), cut, whole):
        assert [item.text for item in read(tmp_path, data)] == ["page 0", "page 1", "page 2", "page 3"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty-file"),
        (b"hello", "not-warc"),
        (gzip.compress(b"not a warc\n" * 100, mtime=0), "not-warc"),
        (bytes(10000), "not-warc"),
    ],
)
def test_a_file_that_is_no_warc_is_one_loss(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reasons(read(tmp_path, data)) == [reason]


def test_a_missing_file_and_a_folder_are_losses(tmp_path: Path) -> None:
    assert reasons(list(read_warc(tmp_path / "none"))) == ["unreadable"]
    assert reasons(list(read_warc(tmp_path))) == ["unreadable"]


def test_ids_survive_recompression_and_a_move(tmp_path: Path, page: Callable[..., bytes]) -> None:
    data = page("one", 1) + page("two", 2)
    (tmp_path / "moved").mkdir()
    first = [item.id for item in read(tmp_path, gzip.compress(data))]
    assert first == [item.id for item in read(tmp_path / "moved", data)]
    assert len(set(first)) == 2


def test_a_canonical_address_decides_the_group(tmp_path: Path, record: Callable[..., bytes]) -> None:
    html = (
        b"<html><head><link rel='canonical' href='topic?key=BOOLEAN'></head><body><p>text</p></body></html>"
    )
    data = record(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html, url="http://docs/topic?key=and"
    )
    (tmp_path / "a").write_bytes(data)
    [item] = read_warc(tmp_path / "a", Source(name="s", paths=["."], group=r"key=(\w+)"))
    assert item.metadata["group"] == "boolean"


def digested(record: bytes, block: bytes, payload: bytes) -> bytes:
    """The record with digests of other bytes than its own."""
    line = b"WARC-Block-Digest: sha1:%s\r\nWARC-Payload-Digest: sha1:%s\r\nContent-Length" % tuple(
        base64.b32encode(hashlib.sha1(data).digest()) for data in (block, payload)
    )
    return record.replace(b"Content-Length", line, 1)


def test_a_wrong_digest_is_flagged_drops_the_record_or_is_not_looked_at(
    tmp_path: Path, page: Callable[..., bytes]
) -> None:
    block = page("text").split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n\r\n")
    payload = block.split(b"\r\n\r\n", 1)[1]
    right, wrong = digested(page("text"), block, payload), digested(page("text"), block, b"other")
    (tmp_path / "a").write_bytes(right + wrong)

    def outcome(digests: str) -> list[str | list[str] | None]:
        source = Source(name="s", paths=["."], digests=digests)
        items = read_warc(tmp_path / "a", source)
        return [
            item.reason if isinstance(item, Loss) else item.metadata.get("digest_mismatch") for item in items
        ]

    assert outcome("check") == [None, ["payload"]]
    assert outcome("drop") == [None, "digest-mismatch"]
    assert outcome("ignore") == [None, None]


@given(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["http://", "https://", "HTTP://", "ftp://", "//", "http:/"]),
        st.sampled_from(["www.", "WWW.", "u:p@", ""]),
        st.text("aZ0-.éwß[]:@%", max_size=8),
        st.sampled_from(["", "/", "?a", "#b", ":80/", "/http://b.com/", "\\x"]),
    )
)
def test_the_quick_way_to_a_host_agrees_with_the_parser(url: str) -> None:
    try:
        expected = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        expected = ""
    assert host(url) == expected
