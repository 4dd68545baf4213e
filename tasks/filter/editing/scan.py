"""Where a text may hold something that the edits change: one compiled pass over its bytes.

The pass looks for what can't be missed cheaply (an `@` between a name and a domain, a chain of digits, a line
whose first word begins a boilerplate phrase) and leaves the decision to `lines`, `marks` and `pii`, which see
only these places. It may name too many places, never too few: a test holds it against a search without it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tasks.filter.editing.candidates import (
    ALL_LINES_BIT,
    CARD,
    CITATION,
    CONTROL,
    COOKIE_WORD,
    EMAIL,
    IBAN,
    IPV4,
    IPV6,
    JAVASCRIPT_WORD,
    LINE,
    PHONE,
    POLICIES,
    SHORT_LINE,
)
from tasks.jit import compiled, inner
from tasks.text import FNV_START, fnv, fnv1a, key_table, slot_of

CHAINS = (1 << PHONE) | (1 << CARD) | (1 << IPV4)
# What a line was named for, as bits.
JAVASCRIPT, COOKIE, POLICY, FIRST_WORD, EVERY_LINE = (1 << bit for bit in range(5))
_LOCAL = 64  # bytes of an address before the @ (RFC 5321)
_DOMAIN = 253
PHONE_DIGITS, CARD_DIGITS = 7, 14  # of the shortest that are looked for

U64 = np.uint64

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


def word_table(words: Iterable[bytes]) -> np.ndarray:
    """The table (`tasks.text.key_table`) of the hashes of words."""
    hashes = {fnv1a(word) or 1 for word in words}
    return key_table(hashes, max(16, 1 << (4 * len(hashes)).bit_length()))[0]


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
        h = fnv(h, byte)
        at += 1
    if at == first:
        return False
    h = max(h, U64(1))
    return words[slot_of(words, U64(len(words) - 1), h)] == h


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
        if asked[text]:
            low, high = offsets[text], offsets[text + 1]
            count = _scan_text(data, low, high, asked[text], words, places, count, text)
    return count


@inner
def _scan_text(data, low, high, what, words, places, count, text):
    line = at = low
    reasons = 0
    while at <= high:
        action = NEWLINE if at == high else ACTIONS[data[at]]
        if action == NOTHING:
            at += 1
        elif action == NEWLINE:
            count = _line(data, line, at, what, reasons, words, places, count, text)
            at += 1
            line, reasons = at, 0
        elif action == NUMERAL:
            count, at = _numeral(data, at, low, high, what, places, count, text)
        elif RAW <= action <= BOM:
            end = _control_end(data, at, high, action) if what & (1 << CONTROL) else at
            if end > at:
                count = _put(places, count, text, CONTROL, at, end, 0)
            at = max(end, at + 1)
        else:
            count = _mark(data, at, low, high, action, what, places, count, text)
            reasons |= _phrase(data, at, line, high, ACTIONS[data[at] | 32] if action == CAPITAL else action)
            at += 1
    return count


@inner
def _line(data, start, end, what, reasons, words, places, count, text):
    """Names the line [start, end), if there is a reason."""
    if not what & (1 << LINE) or end == start:
        return count
    if end - start <= SHORT_LINE and _first_word_known(data, start, end, words):
        reasons |= FIRST_WORD
    if what & (1 << ALL_LINES_BIT):
        reasons |= EVERY_LINE
    return _put(places, count, text, LINE, start, end, reasons) if reasons else count


@inner
def _numeral(data, at, low, high, what, places, count, text):
    """Names a chain of digits; where it ends, or the next byte."""
    if not what & CHAINS or (at > low and CLASSES[data[at - 1]] & WORD):
        return count, at + 1
    end, digits, pairs = _number(data, at, high)
    if what & (1 << PHONE) and digits >= PHONE_DIGITS:
        count = _put(places, count, text, PHONE, at, end, 0)
    if what & (1 << CARD) and digits >= CARD_DIGITS:
        count = _put(places, count, text, CARD, at, end, 0)
    if what & (1 << IPV4) and pairs >= 3:
        count = _put(places, count, text, IPV4, at, end, 0)
    return count, end


@inner
def _control_end(data, at, high, action):
    """Where the control characters that begin at `at` end; `at` if there are none."""
    if action == C1:
        return at + 2 if at + 1 < high and data[at + 1] < 0xA0 else at
    if action == BOM:
        return at + 3 if at + 2 < high and data[at + 1] == 0xBB and data[at + 2] == 0xBF else at
    end = at + 1
    while end < high and ACTIONS[data[end]] == RAW:
        end += 1
    return end


@inner
def _mark(data, at, low, high, action, what, places, count, text):
    """Names an address, an IPv6 or account number, a citation around the mark at `at`."""
    if action == AT and what & (1 << EMAIL):
        start = _email(data, at, low, high)
        if start >= 0:
            count = _put(places, count, text, EMAIL, start, at, 0)
    elif action == COLON and what & (1 << IPV6) and at - 4 >= low:
        plain = data[at - 4] == 50 or data[at - 4] == 51
        for k in range(1, 4):
            plain = plain and CLASSES[data[at - k]] & HEX != 0
        before = data[at - 5] if at - 5 >= low else np.uint8(32)
        if plain and not CLASSES[before] & WORD and before != 58:
            count = _put(places, count, text, IPV6, at - 4, at, 0)
    elif action == BRACKET and what & (1 << CITATION) and at + 1 < high:
        after = data[at + 1]
        if CLASSES[after] & DIGIT or after == 93 or after | 32 == 101 or after | 32 == 99:
            count = _put(places, count, text, CITATION, at, at + 1, 0)
    elif (
        action == CAPITAL
        and what & (1 << IBAN)
        and at + 5 < high
        and CLASSES[data[at + 1]] & UPPER
        and CLASSES[data[at + 2]] & DIGIT
        and CLASSES[data[at + 3]] & DIGIT
        and not (at > low and CLASSES[data[at - 1]] & WORD)
    ):
        count = _put(places, count, text, IBAN, at, at + 4, 0)
    return count


@inner
def _phrase(data, at, line, high, action):
    """What the phrase around a letter of it makes the line be named for."""
    if action == JAVA and _stands(data, at - JAVA_AT, line, high, JAVA_NEEDLE):
        return JAVASCRIPT
    if action == COOK and _stands(data, at - COOK_AT, line, high, COOK_NEEDLE):
        return COOKIE
    if action == POLICE and _stands(data, at - POLICE_AT, line, high, POLICE_NEEDLE):
        return POLICY
    if action == TERMS and _stands(data, at - TERMS_AT, line, high, TERMS_NEEDLE):
        return POLICY
    return 0
