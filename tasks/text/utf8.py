"""Whether bytes are UTF-8, as Arrow checks it: `bytes.decode` makes a string of up to four times the size to say so."""

from __future__ import annotations

import struct

import pyarrow as pa


def is_utf8(data: bytes) -> bool:
    """Whether `data.decode("utf-8")` would succeed.

    >>> is_utf8("ä€😀".encode()), is_utf8(b"\\xed\\xa0\\x80")
    (True, False)
    """
    offsets = pa.py_buffer(struct.pack("=2q", 0, len(data)))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(
            pa.large_string()
        )
    except pa.ArrowInvalid:
        return False
    return True
