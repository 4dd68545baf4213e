"""Whether bytes are UTF-8, in one compiled pass: stretches of ASCII by vector instructions, the rest by RFC 3629's rules.

`bytes.decode` knows too, but makes a string of up to four times the size to say so.
"""

from __future__ import annotations

import numpy as np

from tasks.jit import compiled

STRETCH = 64


def is_utf8(data: bytes) -> bool:
    """Whether `data.decode("utf-8")` would succeed.

    >>> is_utf8("ä€😀".encode()), is_utf8(b"\\xed\\xa0\\x80")
    (True, False)
    """
    return bool(_is_utf8(np.frombuffer(data, dtype=np.uint8)))


@compiled
def _is_utf8(data):
    size = len(data)
    at = 0
    while at < size:
        if at + STRETCH <= size:
            beyond = 0
            for byte in data[
                at : at + STRETCH
            ]:  # a count, not a union: only that becomes vector instructions
                beyond += byte >= 128
            if beyond == 0:
                at += STRETCH
                continue
        end = min(at + STRETCH, size)
        while at < end:
            first = data[at]
            if first < 128:
                at += 1
                continue
            if first < 0xC2 or first > 0xF4:
                return False
            more = 1 if first < 0xE0 else 2 if first < 0xF0 else 3
            if at + more >= size:
                return False
            # Not in a longer form than needed, no surrogates, nothing above U+10FFFF: the second byte's bounds.
            second = data[at + 1]
            lowest = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
            highest = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
            if second < lowest or second > highest:
                return False
            for offset in range(2, more + 1):
                if data[at + offset] < 0x80 or data[at + offset] > 0xBF:
                    return False
            at += more + 1
    return True
