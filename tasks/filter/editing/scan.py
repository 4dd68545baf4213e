"""Where a text may hold something that the edits change: one compiled pass over its bytes.

The pass looks for what can't be missed cheaply (an `@` between a name and a domain, a chain of digits, a line
whose first word begins a boilerplate phrase) and leaves the decision to `lines`, `marks` and `pii`, which see
only these places. It may name too many places, never too few: a test holds it against a search without it.
Everything that is compiled stands in this one file, because numba's cache notices changes of this file only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numba
import numpy as np

from tasks.filter.editing import candidates
from tasks.jit import compiled

LINE, CITATION, CONTROL, EMAIL, PHONE, CARD, IPV4, IPV6, IBAN = range(9)
ALL_LINES_BIT = 15
SHORT_LINE = 200
COOKIE_WORD, JAVASCRIPT_WORD = b"cookie", b"javascript"
POLICIES = (b"privacy policy", b"terms of use")
for _name in ("LINE", "CITATION", "CONTROL", "EMAIL", "PHONE", "CARD", "IPV4", "IPV6", "IBAN", "ALL_LINES_BIT",
              "SHORT_LINE", "COOKIE_WORD", "JAVASCRIPT_WORD", "POLICIES"):  # fmt: skip
    assert getattr(candidates, _name) == globals()[_name], _name
CHAINS = (1 << PHONE) | (1 << CARD) | (1 << IPV4)
# What a line was named for, as bits.
JAVASCRIPT, COOKIE, POLICY, FIRST_WORD, EVERY_LINE = (1 << bit for bit in range(5))
_LOCAL = 64  # bytes of an address before the @ (RFC 5321)
_DOMAIN = 253
PHONE_DIGITS, CARD_DIGITS = 7, 14  # of the shortest that are looked for

_OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inner: Any = numba.njit(**_OPTIONS)
U64 = np.uint64
FNV_START, FNV_PRIME = U64(0xCBF29CE484222325), U64(0x100000001B3)

DIGIT, UPPER, LOWER, NAME, CHAIN, HEX = (1 << bit for bit in range(6))  # classes of bytes
CLASSES = np.zeros(256, dtype=np.uint8)
for _class, _characters in (
    (DIGIT, b"0123456789"),
    (UPPER, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (LOWER, b"abcdefghijklmnopqrstuvwxyz"),
    (NAME, b"._%+-"),  # with letters and digits: what stands before an @
    (CHAIN, b" ()./-+"),  # with digits and no-break spaces: what a phone, card or IPv4 number is made of
    (HEX, b"0123456789abcdefABCDEF"),
):
    for _byte in _characters:
        CLASSES[_byte] |= _class
WORD = DIGIT | UPPER | LOWER

# What a byte may begin or end; 0 for most.
(NOTHING, NEWLINE, AT, NUMERAL, COLON, CAPITAL, BRACKET, RAW, C1, BOM, JAVA, COOK, POLICE, TERMS) = range(14)
ACTIONS = np.zeros(256, dtype=np.uint8)
ACTIONS[[byte for byte in range(32) if byte not in b"\t\n\r"] + [127]] = RAW
ACTIONS[list(b"0123456789+(")] = NUMERAL
ACTIONS[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = CAPITAL
for _byte, _action in (
    (10, NEWLINE), (64, AT), (58, COLON), (91, BRACKET), (0xC2, C1), (0xEF, BOM),
    # One letter of each phrase, the rarest that will do; capitals are handled where IBANs are.
    (ord("j"), JAVA), (ord("k"), COOK), (ord("v"), POLICE), (ord("f"), TERMS),
):  # fmt: skip
    ACTIONS[_byte] = _action


def _needle(phrase: bytes, letter: bytes) -> tuple[np.ndarray, int]:
    return np.frombuffer(phrase, dtype=np.uint8).copy(), phrase.index(letter)


JAVA_NEEDLE, JAVA_AT = _needle(JAVASCRIPT_WORD, b"j")
COOK_NEEDLE, COOK_AT = _needle(COOKIE_WORD, b"k")
POLICE_NEEDLE, POLICE_AT = _needle(POLICIES[0], b"v")
TERMS_NEEDLE, TERMS_AT = _needle(POLICIES[1], b"f")


def word_hash(word: bytes) -> int:
    """64 bits of FNV-1a, never 0: how the pass knows a first word."""
    found = int(FNV_START)
    for byte in word:
        found = (found ^ byte) * int(FNV_PRIME) % 2**64
    return found or 1


def word_table(words: Iterable[bytes]) -> np.ndarray:
    """An open-addressed set of the hashes of words, uint64, a power of two long, 0 where empty."""
    hashes = sorted({word_hash(word) for word in words})
    size = 16
    while size < 4 * len(hashes):
        size *= 2
    table = np.zeros(size, dtype=np.uint64)
    for value in hashes:
        slot = value % size
        while table[slot]:
            slot = (slot + 1) % size
        table[slot] = value
    return table


def find_places(data: np.ndarray, offsets: np.ndarray, asked: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The places of each text: int64 (n, 5), columns text, kind, start, end, reasons (of a line).

    data: uint8, UTF-8 of all texts; offsets: int64 (texts + 1); asked: int64, one set of kinds (bits) for each
    text, and ALL_LINES_BIT; words: `word_table` of first words. Positions count from the beginning of
    `data`, texts come in order, and the places of one kind in a text are in order and don't overlap.
    """
    # One signature, so one compilation, whatever can be written of what is given.
    data, offsets = data.view(), np.array(offsets)
    data.flags.writeable = False
    places = np.empty((max(256, int(offsets[-1] - offsets[0]) // 256), 5), dtype=np.int64)
    count = _scan(data, offsets, asked, words, places)
    if count > len(places):
        places = np.empty((count, 5), dtype=np.int64)
        _scan(data, offsets, asked, words, places)
    return places[:count]


@inner
def _put(places, count, text, kind, start, end, reasons):
    if count < len(places):
        places[count, 0] = text
        places[count, 1] = kind
        places[count, 2] = start
        places[count, 3] = end
        places[count, 4] = reasons
    return count + 1


@inner
def _stands(data, start, low, high, needle):
    """Whether the needle (lower case) stands at start, whatever the case, within [low, high)."""
    if start < low or start + len(needle) > high:
        return False
    for k in range(len(needle)):
        byte = data[start + k]
        if CLASSES[byte] & UPPER:
            byte |= 32
        if byte != needle[k]:
            return False
    return True


@inner
def _first_word_known(data, start, end, words):
    """Whether the line's first word is in the table; the same rule as `first_word`."""
    at = start
    while at < end:
        lead = data[at]
        if lead == 0xC2:
            at += 2
        elif lead == 0xE2:
            at += 3
        elif lead >= 0x80 or CLASSES[lead] & (UPPER | LOWER):
            break
        else:
            at += 1
    h = FNV_START
    first = at
    while at < end:
        byte = data[at]
        kind = CLASSES[byte]
        if kind & UPPER:
            byte |= 32
        elif not (kind & LOWER or (byte >= 0x80 and byte != 0xC2 and byte != 0xE2)):
            break
        h = (h ^ U64(byte)) * FNV_PRIME
        at += 1
    if at == first:
        return False
    mask = U64(len(words) - 1)
    slot = h & mask
    while words[slot] != U64(0):
        if words[slot] == h:
            return True
        slot = (slot + U64(1)) & mask
    return False


@inner
def _email(data, at, low, high):
    """Where the address around the @ starts; -1 if nothing like one is there."""
    if at + 1 >= high or not CLASSES[data[at + 1]] & WORD:
        return -1
    start = at
    while start > low and at - start <= _LOCAL and CLASSES[data[start - 1]] & (WORD | NAME):
        start -= 1
    if start == at or at - start > _LOCAL:
        return -1
    end = at + 1
    last = 0  # letters since the last full stop, if there was one
    while end < high and end - at <= _DOMAIN + 1:
        byte = data[end]
        if byte == 46:
            last = 1
        elif CLASSES[byte] & WORD or byte == 45:
            if last:
                return start
        else:
            break
        end += 1
    return -1


@inner
def _number(data, at, high):
    """Of the chain of digits that begins at `at`: its end, its digits, its full stops between digits."""
    end = at
    digits = pairs = 0
    while end < high:
        byte = data[end]
        kind = CLASSES[byte]
        if kind & DIGIT:
            digits += 1
            if end >= at + 2 and data[end - 1] == 46 and CLASSES[data[end - 2]] & DIGIT:
                pairs += 1
        elif byte == 0xC2 and end + 1 < high and data[end + 1] == 0xA0:
            end += 1
        elif not kind & CHAIN:
            break
        end += 1
    return end, digits, pairs


@compiled
def _scan(data, offsets, asked, words, places):
    count = 0
    for text in range(len(offsets) - 1):
        what = asked[text]
        if what == 0:
            continue
        low, high = offsets[text], offsets[text + 1]
        line = low
        reasons = 0
        at = low
        while at <= high:
            action = NEWLINE if at == high else ACTIONS[data[at]]
            if action == NOTHING:
                at += 1
                continue
            if action == NEWLINE:
                if what & (1 << LINE) and at > line:
                    if at - line <= SHORT_LINE and _first_word_known(data, line, at, words):
                        reasons |= FIRST_WORD
                    if what & (1 << ALL_LINES_BIT):
                        reasons |= EVERY_LINE
                    if reasons:
                        count = _put(places, count, text, LINE, line, at, reasons)
                line = at + 1
                reasons = 0
            elif action == AT:
                if what & (1 << EMAIL):
                    start = _email(data, at, low, high)
                    if start >= 0:
                        count = _put(places, count, text, EMAIL, start, at, 0)
            elif action == NUMERAL:
                if what & CHAINS and not (at > low and CLASSES[data[at - 1]] & WORD):
                    end, digits, pairs = _number(data, at, high)
                    if what & (1 << PHONE) and digits >= PHONE_DIGITS:
                        count = _put(places, count, text, PHONE, at, end, 0)
                    if what & (1 << CARD) and digits >= CARD_DIGITS:
                        count = _put(places, count, text, CARD, at, end, 0)
                    if what & (1 << IPV4) and pairs >= 3:
                        count = _put(places, count, text, IPV4, at, end, 0)
                    at = end
                    continue
            elif action == COLON:
                if what & (1 << IPV6) and at - 4 >= low:
                    first = data[at - 4]
                    plain = first == 50 or first == 51
                    for k in range(1, 4):
                        plain = plain and CLASSES[data[at - k]] & HEX != 0
                    before = data[at - 5] if at - 5 >= low else np.uint8(32)
                    if plain and not CLASSES[before] & WORD and before != 58:
                        count = _put(places, count, text, IPV6, at - 4, at, 0)
            elif action == BRACKET:
                if what & (1 << CITATION) and at + 1 < high:
                    after = data[at + 1]
                    if CLASSES[after] & DIGIT or after == 93 or after | 32 == 101 or after | 32 == 99:
                        count = _put(places, count, text, CITATION, at, at + 1, 0)
            elif action in (RAW, C1, BOM):
                if what & (1 << CONTROL):
                    if action == RAW:
                        end = at + 1
                        while end < high and ACTIONS[data[end]] == RAW:
                            end += 1
                    elif action == C1:
                        end = at + 2 if at + 1 < high and data[at + 1] < 0xA0 else at
                    else:
                        mark = at + 2 < high and data[at + 1] == 0xBB and data[at + 2] == 0xBF
                        end = at + 3 if mark else at
                    if end > at:
                        count = _put(places, count, text, CONTROL, at, end, 0)
                        at = end
                        continue
            else:
                if action == CAPITAL:
                    byte = data[at] | 32
                    if (
                        what & (1 << IBAN)
                        and at + 5 < high
                        and CLASSES[data[at + 1]] & UPPER
                        and CLASSES[data[at + 2]] & DIGIT
                        and CLASSES[data[at + 3]] & DIGIT
                        and not (at > low and CLASSES[data[at - 1]] & WORD)
                    ):
                        count = _put(places, count, text, IBAN, at, at + 4, 0)
                    action = ACTIONS[byte]
                if action == JAVA:
                    if _stands(data, at - JAVA_AT, line, high, JAVA_NEEDLE):
                        reasons |= JAVASCRIPT
                elif action == COOK:
                    if _stands(data, at - COOK_AT, line, high, COOK_NEEDLE):
                        reasons |= COOKIE
                elif action == POLICE:
                    if _stands(data, at - POLICE_AT, line, high, POLICE_NEEDLE):
                        reasons |= POLICY
                elif action == TERMS and _stands(data, at - TERMS_AT, line, high, TERMS_NEEDLE):
                    reasons |= POLICY
            at += 1
    return count
