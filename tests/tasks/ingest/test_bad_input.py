"""What no crawl should hold: each file ends in documents and losses with reasons, in bounded time and memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastwarc.stream_io import BrotliWriter, Lz4Writer, ZstdWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.document import Document, Loss
from tasks.ingest.warc.records import MAX_BODY, Record, read_records
from tasks.ingest.warc.source import read_warc
from tasks.io.container import chunks

MIB = 1 << 20


def framed(writer: type) -> Callable[[bytes], bytes]:
    def compress(data: bytes) -> bytes:
        out = io.BytesIO()
        stream = writer(out)
        stream.write(data)
        stream.close()
        return out.getvalue()

    return compress


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "lz4": framed(Lz4Writer),
    "zstd": framed(ZstdWriter),
}


def of_spaces(size: int, compress: str) -> bytes:
    """`size` spaces, never all of them in memory."""
    if compress == "gzip":
        unit = zlib.compressobj(9, zlib.DEFLATED, 31)
        parts = [unit.compress(b" " * MIB) for _ in range(size // MIB)]
        return b"".join(parts) + unit.flush()
    out = io.BytesIO()
    stream = {"br": BrotliWriter, "lz4": Lz4Writer, "zstd": ZstdWriter}[compress](out)
    for _ in range(size // MIB):
        stream.write(b" " * MIB)
    stream.close()
    return out.getvalue()


def response(body: bytes, fields: str = "Content-Type: text/html\r\n", number: int = 1) -> bytes:
    http = f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"WARC-Target-URI: http://example.com/{number}\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def reasons(path: Path) -> list[str | None]:
    return [item.reason if isinstance(item, Loss) else None for item in read_warc(path)]


def outcome(tmp_path: Path, data: bytes) -> list[str | None]:
    (tmp_path / "x.warc.gz").write_bytes(data)
    return reasons(tmp_path / "x.warc.gz")


GOOD = response(b"<p>a good page", number=9)
BEHIND = response(b"<p>the page behind it", number=8)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_body_that_unpacks_to_a_quarter_of_a_gigabyte_is_too_large(tmp_path: Path, coding: str) -> None:
    bomb = response(
        of_spaces(256 * MIB, coding), f"Content-Type: text/html\r\nContent-Encoding: {coding}\r\n"
    )
    assert len(bomb) < MIB
    assert outcome(tmp_path, bomb + GOOD) == ["too-large", None]


def test_a_pile_of_bombs_in_one_another_stops_at_the_first(tmp_path: Path) -> None:
    body = gzip.compress(gzip.compress(of_spaces(256 * MIB, "gzip")))
    bomb = response(body, "Content-Type: text/html\r\nContent-Encoding: gzip, gzip, gzip\r\n")
    assert outcome(tmp_path, bomb + GOOD) == ["too-large", None]


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
def test_a_file_of_spaces_is_refused_and_what_follows_is_read(tmp_path: Path, name: str) -> None:
    bomb, good = of_spaces(192 * MIB, name), COMPRESSIONS[name](GOOD)
    assert outcome(tmp_path, good + bomb + good)[::2] == [None, None]
    assert outcome(tmp_path, bomb) in (["bomb"], ["not-warc"])


def test_a_record_of_spaces_is_passed_over(tmp_path: Path) -> None:
    spaces = 80 * MIB
    data = gzip.compress(response(b" " * spaces), 1) + gzip.compress(GOOD)
    assert outcome(tmp_path, data) == ["too-large", None]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\0" * 5000, "empty"),
        (b" \n\t" * 5000, "empty"),
        (b"<p>a\0b\0c", None),
        (b"<p>\xff\xfe\xfd invalid \xc3\x28 bytes, and some more text around them", None),
        (b"<p>surrogates \xed\xa0\x80 &#xD800; &#xDFFF;" + b" and words" * 20, None),
        (b"<p>noncharacters \xef\xbf\xbf &#0; &#x110000;" + b" and words" * 20, None),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not-html"),
        (b"<div>" * 100_000 + b"deep", None),
        (b"<p>" + b"one line " * 200_000, None),
        (b"<a b='" + b"x" * 2_000_000, "empty"),
    ],
)
def test_a_strange_page_is_a_document_of_valid_text_or_a_loss(
    tmp_path: Path, body: bytes, reason: str | None
) -> None:
    assert outcome(tmp_path, response(body) + GOOD) == [reason, None]
    for item in read_warc(tmp_path / "x.warc.gz"):
        if isinstance(item, Document):
            item.text.encode()
            assert "\0" not in item.text


@pytest.mark.parametrize("name", ["x.txt", "x.parquet", "x.zip", "x.warc.zst", "x"])
def test_the_name_does_not_matter(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(GOOD))
    assert reasons(tmp_path / name) == [None]
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(100))
    assert reasons(tmp_path / name) == ["not-warc"]


def test_a_file_that_may_not_be_read_is_a_loss(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(GOOD)
    (tmp_path / "x").chmod(0)
    if os.access(tmp_path / "x", os.R_OK):
        pytest.skip("this user may read everything")
    assert reasons(tmp_path / "x") == ["unreadable"]


def test_a_file_whose_opening_is_refused_is_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    [loss] = read_warc(tmp_path / "x.warc")
    assert loss == Loss("unreadable", "x.warc: Permission denied")


def test_a_length_beyond_all_memory_ends_no_process(tmp_path: Path) -> None:
    huge = response(b"<p>text").replace(b"WARC-Type", b"Content-Length: 99999999999\r\nWARC-Type")
    truncated = GOOD.replace(b"Content-Length:", b"Content-Length: 99999999999\r\nX:")
    for data in (huge + GOOD, truncated + GOOD):
        assert outcome(tmp_path, data)[1:] == [None]


def test_a_compressed_file_of_nothing_is_empty(tmp_path: Path) -> None:
    for nothing in (b"", b"\r\n\r\n", b"\n"):
        assert outcome(tmp_path, gzip.compress(nothing)) == ["empty-file"]


def test_stretches_of_damage_at_one_place_are_losses_of_their_own(tmp_path: Path) -> None:
    broken = gzip.compress(GOOD)[:40]
    data = gzip.compress(GOOD) + broken + b"junk" + broken + gzip.compress(GOOD.replace(b"uuid:9", b"uuid:8"))
    (tmp_path / "x").write_bytes(data)
    losses = [item for item in read_warc(tmp_path / "x") if isinstance(item, Loss)]
    assert losses
    assert len({loss.where for loss in losses}) == len(losses)


def test_a_disk_that_fails_half_way_is_a_loss_behind_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 100_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = response(b"<p>" + b"word " * 10_000) + response(b"<p>" + b"word " * 60_000)
    (tmp_path / "x").write_bytes(data)
    monkeypatch.setattr(Path, "open", lambda *_: Failing(data))
    last = list(read_warc(tmp_path / "x"))[-1]
    assert last == Loss("unreadable", "x: Input/output error")


# -- cutting and flipping

RECORDS = [response(b"<p>" + bytes([97 + number]) * (90 * number + 20), number=number) for number in range(6)]


def parts_of(name: str, joined: bool) -> list[bytes]:
    """The records, compressed one by one, or all in one member."""
    compress = COMPRESSIONS[name]
    return [compress(b"".join(RECORDS))] if joined else [compress(record) for record in RECORDS]


def whole_records(data: bytes) -> list[Record]:
    found = list(read_records(chunks(io.BytesIO(data), b"WARC/")))
    for record in found:
        assert record.size >= 0
        assert record.reason is None or record.reason.replace("-", "").isalnum()
    return [record for record in found if record.reason is None]


def texts(records: list[Record]) -> list[bytes]:
    return [record.head + record.body for record in records]


WHOLE = [record.removesuffix(b"\r\n\r\n") for record in RECORDS]


@settings(max_examples=150)
@given(st.sampled_from(list(COMPRESSIONS)), st.floats(0, 1, exclude_max=True))
def test_a_cut_anywhere_loses_nothing_before_it(name: str, share: float) -> None:
    parts = parts_of(name, joined=False)
    data = b"".join(parts)
    cut = int(share * len(data))
    before, end = 0, 0
    for part in parts:
        end += len(part)
        before += end <= cut
    assert texts(whole_records(data[:cut]))[:before] == WHOLE[:before]
    assert set(texts(whole_records(data[:cut]))) <= set(WHOLE) | {b""}


@settings(max_examples=150)
@given(
    st.sampled_from(list(COMPRESSIONS)),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 255),
    st.integers(1, 4),
)
def test_flipped_bytes_cost_the_records_that_they_are_in(
    name: str, share: float, mask: int, run: int
) -> None:
    parts = parts_of(name, joined=False)
    data = bytearray(b"".join(parts))
    at = int(share * len(data))
    for position in range(at, min(at + run, len(data))):
        data[position] ^= mask
    found = texts(whole_records(bytes(data)))
    end = 0
    for part, record in zip(parts, WHOLE, strict=True):
        start, end = end, end + len(part)
        unchecked = name == "lz4" and at < end  # nothing guards its lengths: the rest may be taken for a part
        assert (start < at + run and at < end) or unchecked or record in found


def inflated(data: bytes) -> bytes:
    """What zlib makes of a gzip member up to its end or its first damage, byte by byte."""
    inflater, output = zlib.decompressobj(31), b""
    with contextlib.suppress(zlib.error):
        for byte in data:
            output += inflater.decompress(bytes([byte]))
    return output


@settings(max_examples=150)
@given(st.sampled_from(["gzip", "zstd", "lz4"]), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_damage_in_a_member_of_many_records_costs_those_around_it_no_more_and_invents_nothing(
    name: str, share: float, mask: int
) -> None:
    [member] = parts_of(name, joined=True)
    damaged = bytearray(member)
    damaged[int(share * len(member))] ^= mask
    data = COMPRESSIONS[name](GOOD) + damaged + COMPRESSIONS[name](BEHIND)
    first, *found = texts(whole_records(data))
    assert first + b"\r\n\r\n" == GOOD
    # Nothing guards the lengths and the content of lz4: what is damaged may become text, or swallow the rest.
    if name != "lz4":
        assert found.pop() + b"\r\n\r\n" == BEHIND
    if name == "zstd":
        assert found == WHOLE[: len(found)]
    if (
        name == "gzip"
    ):  # its checksum comes last: what inflates counts, but for the record at hand at the damage
        output = inflated(bytes(damaged))
        assert all(text in output for text in found)
        whole = [text for text in WHOLE if text + b"\r\n\r\n" in output]
        assert set(whole[:-1]) <= set(found)


@settings(max_examples=150)
@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([*RECORDS[:2], b"WARC/1.0\r\n", b"\r\n\r\n"]), max_size=8
    )
)
def test_any_bytes_are_accounted_for(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    sizes = sum(record.size for record in read_records([data]))
    ends = data.count(b"\r") + data.count(b"\n") + 4 * (len(pieces) + 1)  # near: four bytes before a record
    assert len(data) - ends <= sizes <= len(data)


# -- memory


def generated(path: Path, size: int) -> int:
    """A gzip WARC whose pages come to `size` bytes; the number of pages."""
    words = b" ".join(b"word%d" % (number * 7919 % 5000) for number in range(20_000))
    pages = 0
    with path.open("wb") as file:
        while pages * len(words) < size:
            body = (
                b"<html><body><p>" + words[pages % 1000 :].replace(b"word1", b"</p>\n<p>") + b"</body></html>"
            )
            file.write(gzip.compress(response(body, number=pages), 1))
            pages += 1
    return pages


def peak_of(path: Path, out: Path) -> Iterator[int]:
    """Peak memory in MiB, and documents, of a process that reads and writes the file.

    Not `ru_maxrss`, which a child inherits.
    """
    code = (
        "import re, sys; from pathlib import Path\n"
        "from tasks.ingest.warc.source import read_warc; from tasks.ingest.write import Writer\n"
        "from tasks.ingest.source import BaseSource\n"
        "source = BaseSource(kind='warc', name='web', paths=['.'])\n"
        "with Writer(Path(sys.argv[2]), source) as writer, writer.file('x', 1) as add:\n"
        "    for item in read_warc(sys.argv[1]): add(item)\n"
        "peak = re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())\n"
        "print(int(peak[1]) >> 10, writer.metrics['documents_out'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(out)], capture_output=True, text=True, check=True
    )
    return map(int, run.stdout.split())


@pytest.mark.slow
def test_a_file_of_hundreds_of_megabytes_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    pages = generated(tmp_path / "x.warc.gz", 300 * MIB)
    peak, documents = peak_of(tmp_path / "x.warc.gz", tmp_path)
    assert documents == pages
    assert peak < 600


@pytest.mark.slow
@pytest.mark.parametrize("tail", [b"", "\N{GRINNING FACE}".encode()])
@pytest.mark.parametrize(
    ("kind", "line"),
    [("text/html", b"<p>some words " + b"and more of them " * 4), ("text/plain", b"some words\n")],
)
def test_the_largest_pages_stay_within_the_bound(tmp_path: Path, kind: str, line: bytes, tail: bytes) -> None:
    body = (line * MAX_BODY)[: MAX_BODY - 1000] + tail
    data = response(body, f"Content-Type: {kind}\r\n")
    (tmp_path / "x.warc").write_bytes(data + data.replace(b"uuid:1", b"uuid:2"))
    peak, documents = peak_of(tmp_path / "x.warc", tmp_path)
    assert documents == 2
    assert peak < 600


@pytest.mark.slow
def test_a_page_of_a_million_tags_is_too_large_to_parse(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(response(b"<p>some words " * 1_000_000))
    peak, documents = peak_of(tmp_path / "x.warc", tmp_path)
    assert documents == 0
    assert peak < 600


@pytest.mark.slow
def test_a_line_of_200_megabytes_and_a_gigabyte_of_spaces_are_losses(tmp_path: Path) -> None:
    (tmp_path / "line").write_bytes(b"x" * (200 * MIB))
    (tmp_path / "spaces.gz").write_bytes(of_spaces(1024 * MIB, "gzip"))
    (tmp_path / "spaces.zst").write_bytes(of_spaces(1024 * MIB, "zstd"))
    assert [reasons(tmp_path / name) for name in ("line", "spaces.gz", "spaces.zst")] == [
        ["not-warc"],
        ["bomb"],
        ["bomb"],
    ]
    for name in ("line", "spaces.gz", "spaces.zst"):
        peak, documents = peak_of(tmp_path / name, tmp_path)
        assert documents == 0
        assert peak < 600
