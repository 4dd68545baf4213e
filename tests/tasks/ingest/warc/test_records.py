from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.warc.records import read_records
from tasks.io.container import Damage


def outcome(*pieces: bytes | Damage) -> list[tuple[str | None, bytes]]:
    return [(record.reason, record.body) for record in read_records(pieces)]


def test_whole_records_have_no_reason(record: Callable[..., bytes]) -> None:
    assert outcome(record(b"one") + record(b"two")) == [(None, b"one"), (None, b"two")]


def test_line_feeds_alone_and_missing_ones_are_accepted(record: Callable[..., bytes]) -> None:
    loose = record(b"one").replace(b"\r\n", b"\n").rstrip(b"\n")
    assert outcome(loose + record(b"two").rstrip()) == [(None, b"one"), (None, b"two")]


@pytest.mark.parametrize("length", [0, 3, 9, 11, 40, 700, 10**6, 10**12])
def test_a_wrong_length_costs_one_record(record: Callable[..., bytes], length: int) -> None:
    wrong = record(b"0123456789" * 2, length=length)
    records = list(read_records([record(b"before") + wrong + record(b"after") + record(b"last")]))
    assert [item.reason for item in records if item.body in (b"before", b"after", b"last")] == [None] * 3
    assert len(records) == 4
    assert records[1].reason in ("wrong-length", "truncated")


def test_a_record_without_length_is_reported(record: Callable[..., bytes]) -> None:
    bare = record(b"x").replace(b"Content-Length: 1\r\n", b"")
    assert [reason for reason, _ in outcome(bare + record(b"after"))] == ["bad-length", None]


def test_the_end_in_the_middle_of_a_record_is_truncated(record: Callable[..., bytes]) -> None:
    assert [reason for reason, _ in outcome(record(b"x") + record(b"y" * 100)[:-60])] == [None, "truncated"]


def test_a_bad_version_line_costs_one_record(record: Callable[..., bytes]) -> None:
    bad = record(b"x").replace(b"WARC/1.0", b"WARC/abc")
    assert [reason for reason, _ in outcome(bad + record(b"y"))] == ["bad-version", None]
    assert [reason for reason, _ in outcome(record(b"y") + bad + bad)] == [None, "bad-version", "bad-version"]


def test_damage_is_blamed_on_the_record_that_was_open(record: Callable[..., bytes]) -> None:
    first = record(b"one")
    in_the_second = Damage("damaged-gzip", 0, 9, verified=len(first))
    rows = outcome(first + record(b"two" * 50)[:-90], in_the_second, record(b"three"))
    assert [reason for reason, _ in rows] == [None, "damaged-gzip", None]


def test_damage_between_records_is_a_row_of_its_own(record: Callable[..., bytes]) -> None:
    first = record(b"one")
    rows = outcome(first, Damage("not-gzip", 0, 9, verified=len(first)), record(b"two"))
    assert [reason for reason, _ in rows] == [None, "not-gzip", None]


@settings(max_examples=60)
@given(
    st.lists(st.binary(max_size=300).filter(lambda body: b"WARC/" not in body), max_size=8),
    st.integers(1, 400),
)
def test_bodies_come_back_whatever_the_chunks(bodies: list[bytes], size: int) -> None:
    head = "WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: {}\r\n\r\n"
    data = b"".join(head.format(len(body)).encode() + body + b"\r\n\r\n" for body in bodies)
    found = [
        (item.reason, item.body)
        for item in read_records(data[at : at + size] for at in range(0, len(data), size))
    ]
    assert found == [(None, body) for body in bodies]


def test_every_byte_of_any_damaged_stream_is_accounted_for(record: Callable[..., bytes]) -> None:
    data = b"".join(record(bytes([65 + number]) * 200, number=number) for number in range(6))
    choice = random.Random(1)
    for _ in range(200):
        at, size = choice.randrange(len(data)), choice.randrange(1, 300)
        broken = data[:at] + data[at + size :]
        records = list(read_records([broken]))
        newlines = len(broken) - sum(item.size for item in records)
        assert 0 <= newlines <= 4 * (len(records) + 1)
        untouched = {
            bytes([65 + number]) * 200 for number in range(6) if not _touches(data, number, at, size)
        }
        assert untouched <= {item.body for item in records if item.reason is None}


def _touches(data: bytes, number: int, at: int, size: int) -> bool:
    """Whether the cut reaches into the record, or into the newlines that set it apart."""
    step = len(data) // 6
    return at < (number + 1) * step and at + size > number * step - 4
