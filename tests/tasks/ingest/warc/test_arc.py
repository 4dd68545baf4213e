from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from tasks.document import Document, Loss
from tasks.ingest.warc.arc import ARC, fields
from tasks.ingest.warc.records import Record, read_records
from tasks.ingest.warc.source import read_warc

ABOUT = "1 {} InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"


def arc_record(url: str, body: bytes, *, more: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"{url} 1.2.3.4 20040926000741 text/html {more}{size}\n".encode() + body + b"\n"


def page(text: str, number: int = 1, **keys) -> bytes:
    http = f"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>{text}</p></body></html>"
    return arc_record(f"http://example.com/{number}", http.encode(), **keys)


def about(version: int = 0) -> bytes:
    return arc_record("filedesc://x.arc", ABOUT.format(version).encode())


def parse(*pieces: bytes) -> list[Record]:
    return list(read_records(pieces, ARC))


def outcome(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    return [item.reason if isinstance(item, Loss) else item.text for item in read_warc(path)]


def test_the_fields_of_both_versions_lists() -> None:
    one = fields(b"http://a.com/ 1.2.3.4 20040926000741 text/html 10\n")
    two = fields(b"http://a.com/ 1.2.3.4 20040926000741 text/html 200 abcd - 1093 x.arc.gz 10\n")
    assert one == two == {
        "warc-type": "response",
        "warc-target-uri": "http://a.com/",
        "warc-date": "2004-09-26T00:07:41Z",
        "content-type": "text/html",
    }  # fmt: skip


@pytest.mark.parametrize("date", ["null", "-", "20041399000000", "201404010000000000"])
def test_a_url_with_spaces_and_a_bad_date_are_read(date: str) -> None:
    found = fields(f"http://a.com/x?a=b c d 1.2.3.4 {date} text/html 10\n".encode())
    assert found is not None
    assert found["warc-target-uri"] == "http://a.com/x?a=b c d"
    assert found["warc-date"] == ("2014-04-01T00:00:00Z" if date.startswith("201404") else "")


def test_an_arc_is_read_whatever_its_name_and_compression(tmp_path: Path) -> None:
    parts = [
        about(1),
        page("one"),
        arc_record("dns:a.com", b"20040926000741\na.com. 1 IN A 1.2.3.4\n"),
        page("two", 2),
    ]
    whole = b"".join(parts)
    for data in (whole, gzip.compress(whole), b"".join(map(gzip.compress, parts))):
        assert outcome(tmp_path / "x.warc.gz", data) == ["filedesc", "one", "not-http", "two"]


def test_a_document_of_an_arc_has_address_date_and_a_stable_id(tmp_path: Path) -> None:
    for name in ("x.arc", "y/x.arc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(about() + page("one", 7))
    first, second = (list(read_warc(tmp_path / name))[1] for name in ("x.arc", "y/x.arc"))
    assert isinstance(first, Document)
    assert (first.url, first.date, first.kind) == ("http://example.com/7", "2004-09-26T00:07:41Z", "web")
    assert first == second


def test_an_arc_without_its_first_record_is_still_an_arc(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x", page("one")) == ["one"]
    assert outcome(tmp_path / "x", b"the end of something\n" + page("one")) == ["not-a-record", "one"]


@pytest.mark.parametrize("length", [0, 3, 60, 5000, 10**12, -1])
def test_a_wrong_length_costs_one_record(length: int) -> None:
    records = parse(about() + page("wrong", length=length) + page("after", 2))
    assert [record.reason is None for record in records] == [True, False, True]
    assert records[1].reason in ("wrong-length", "truncated", "bad-length")


def test_the_chunks_of_the_stream_make_no_difference() -> None:
    data = about() + b"".join(page("x" * 50, number) for number in range(5))
    whole = parse(data)
    for size in (1, 7, 64, 300):
        assert parse(*(data[at : at + size] for at in range(0, len(data), size))) == whole


def test_a_flipped_byte_costs_at_most_its_own_record_and_every_byte_is_accounted_for() -> None:
    parts = [about()] + [page(chr(65 + number) * 100, number) for number in range(6)]
    data = b"".join(parts)
    choice = random.Random(1)
    for _ in range(300):
        at = choice.randrange(len(data))
        broken = data[:at] + bytes([data[at] ^ (1 << choice.randrange(8))]) + data[at + 1 :]
        records = parse(broken)
        assert 0 <= len(broken) - sum(record.size for record in records) <= 2 * len(parts)
        whole = {record.body for record in records if record.reason is None}
        end = 0
        for part in parts:
            start, end = end, end + len(part)
            if not start <= at < end:
                assert part.split(b"\n", 1)[1][:-1] in whole, (at, part)
