"""Thrift's compact protocol, against bytes written by hand and against any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.tables.thrift import read_struct


def test_a_structure_is_its_values_by_field_number():
    data = bytes([
        0x15, 0x05,  # field 1, i32: -3
        0x18, 2, 0x68, 0x69,  # field 2, binary: "hi"
        0x11,  # field 3, true
        0x19, 0x25, 0x02, 0x04,  # field 4, a list of two i32: 1, 2
        0x1C, 0x12, 0x00,  # field 5, a structure with field 1, false
        0x05, 0x28, 0x06,  # field 20 in the long form, i32: 3
        0x00,
    ])  # fmt: skip
    assert read_struct(data) == ({1: -3, 2: b"hi", 3: True, 4: [1, 2], 5: {1: False}, 20: 3}, len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x15",
        b"\x18\x05abc",
        b"\x19\xf5\xff\xff\x03",
        b"\x1d\x00",
        b"\x1c" * 40,
        b"\x15" + b"\xff" * 20,
    ],
)
def test_what_is_cut_off_or_no_structure_is_an_error(data):
    with pytest.raises((IndexError, ValueError)):
        read_struct(data)


@given(st.binary(max_size=80))
def test_any_bytes_end(data):
    try:
        _, end = read_struct(data)
        assert 0 < end <= len(data)
    except (IndexError, ValueError):
        pass
