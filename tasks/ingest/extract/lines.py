"""A text's lines put in order in one compiled pass over its UTF-8: most texts need little, and all are looked through."""

from __future__ import annotations

import numpy as np

from tasks.jit import compiled


def tidied(text: str) -> str:
    """What `page.tidy` promises, of a text without lone surrogates (else UnicodeEncodeError).

    >>> tidied("\\n a \\r\\n\\n\\x00 \\n\\nb\\n")
    ' a\\n\\nb'
    """
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    out = np.empty(len(data), dtype=np.uint8)
    size, changed = _tidied(data, out)
    return out[:size].tobytes().decode() if changed else text


@compiled
def _tidied(data, out):
    """The bytes written, and whether they aren't those of `data`."""
    size = len(data)
    written = kept = breaks = at = (
        0  # out[kept:written] is white space that only what follows in the line keeps
    )
    changed = False
    while at < size:
        byte = data[at]
        if byte == 10 or byte == 13:
            if byte == 13:
                changed = True
                if at + 1 < size and data[at + 1] == 10:
                    at += 1
            at += 1
            written = kept
            if kept > 0 and breaks < 2:  # neither leading empty lines nor a second one
                out[written] = 10
                written += 1
                kept = written
                breaks += 1
            continue
        if (byte < 32 and byte != 9) or byte == 127:
            at += 1
            continue
        length, space = 1, byte == 32 or byte == 9
        if byte == 0xC2:
            length, space = 2, data[at + 1] == 0x85 or data[at + 1] == 0xA0
        elif byte == 0xE1:
            length, space = 3, data[at + 1] == 0x9A and data[at + 2] == 0x80
        elif byte == 0xE2:
            second, third = data[at + 1], data[at + 2]
            length = 3
            space = (second == 0x81 and third == 0x9F) or (
                second == 0x80 and (third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF)
            )
        elif byte == 0xE3:
            length, space = 3, data[at + 1] == 0x80 and data[at + 2] == 0x80
        elif byte == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:  # a byte order mark
            at += 3
            continue
        for _ in range(length):
            out[written] = data[at]
            written += 1
            at += 1
        if not space:
            kept = written
            breaks = 0
    while kept > 0 and out[kept - 1] == 10:
        kept -= 1
    return kept, changed or kept != size
