"""Folded words of texts: what dedup and decontaminate compare.

Folding takes away what doesn't make two texts different: case, diacritics, compatibility forms (ligatures,
full-width letters), punctuation and symbols, the way lines are wrapped. A word is a run of letters, numbers
and spacing marks; in scripts written without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) each character is
one. `tasks.text.folding` has the rule and the table that holds it.

`folded` is the plain reference for a text, `fold_texts` the compiled pass over many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from tasks.jit import compiled
from tasks.text.code_points import code_point
from tasks.text.folding import folded_character, folded_points
from tasks.text.hashing import GOLDEN, eight_bytes, power, splitmix
from tasks.text.ngram import Ngram, parsed

SPARE = 8
Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray  # of strings


def folded(text: str) -> str:
    """The folded words of a text with single spaces between them: the plain reference of `fold_texts`."""
    return " ".join(word for word in "".join(map(_fold, text)).split(" ") if word)


_fold = lru_cache(maxsize=4096)(folded_character)


@dataclass(frozen=True)
class Words:
    """The folded words of n texts.

    data: uint8, the folded texts one after another; a text's words have one space between them. `SPARE` bytes
    beyond its end may be read.
    starts, ends: int64 (words,), each word's bytes in `data`.
    texts: int64 (n + 1,); the words of text i are those from texts[i] to texts[i + 1].
    """

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    texts: np.ndarray

    def __len__(self) -> int:
        return len(self.texts) - 1

    def folded(self, text: int) -> memoryview:
        """The folded text of number `text`, UTF-8; empty without a word."""
        first, last = self.texts[text], self.texts[text + 1]
        return self.data[self.starts[first] : self.ends[last - 1]].data if last > first else memoryview(b"")

    def characters(self) -> Words:
        """The same texts with a word for each character, and nothing between them."""
        data, places, texts = _characters(self.data, self.starts, self.ends, self.texts)
        return Words(data, places[:-1], places[1:], texts)

    def zero_digits(self) -> np.ndarray:
        """Turns every digit into 0, in place: near-duplicates differ in dates, counters and versions.

        Returns whether a text had another digit: bool (n,).
        """
        return _zero_digits(self.data, self.starts, self.ends, self.texts)  # type: ignore[no-any-return]


def fold_texts(texts: Texts) -> Words:
    """The folded words of texts; nulls count as empty. Memory: the texts once more, and 16 bytes a word."""
    data, offsets = utf8_buffers(texts)
    return Words(*_fold_texts(data, offsets, *_tables()))


def fold_batches(texts: Texts, batch_bytes: int = 1 << 20) -> Iterator[Words]:
    """`fold_texts` of successive runs of texts, each of at most `batch_bytes` or a single text."""
    data, offsets = utf8_buffers(texts)
    first = 0
    while first < len(offsets) - 1:
        last = max(int(np.searchsorted(offsets, offsets[first] + batch_bytes, "right")) - 1, first + 1)
        yield Words(*_fold_texts(data, offsets[first : last + 1], *_tables()))
        first = last


def utf8_buffers(texts: Texts) -> tuple[np.ndarray, np.ndarray]:
    """The texts' UTF-8 bytes (uint8) and where each begins (int64, texts + 1); Arrow's aren't copied."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if not isinstance(texts, pa.Array):
        try:
            texts = pa.array(texts, pa.large_string())
        except (UnicodeEncodeError, pa.ArrowInvalid):  # lone surrogates
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
            offsets = np.zeros(len(encoded) + 1, np.int64)
            np.cumsum([len(text) for text in encoded], out=offsets[1:])
            return np.frombuffer(b"".join(encoded), np.uint8), offsets
    data, offsets = _arrow_buffers(texts)
    data.flags.writeable = False  # one compiled kernel for both
    return data, offsets


def _arrow_buffers(texts: Any) -> tuple[np.ndarray, np.ndarray]:
    if texts.type not in (pa.string(), pa.large_string()):
        texts = texts.cast(pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, places, data = texts.buffers()
    if places is None or len(texts) == 0:
        return np.frombuffer(b"", np.uint8), np.zeros(len(texts) + 1, np.int64)
    offsets = np.frombuffer(places, width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return np.frombuffer(data or b"", np.uint8), offsets


@lru_cache(maxsize=1)
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The folding table for every code point.

    ascii: uint8 (128,), the folded byte, a space for a border. places: int32 (0x110000,), where in `expansions` the
    folded UTF-8 begins, shifted by 6, and its length. expansions: uint8.
    """
    ascii_table = np.full(128, 32, np.uint8)
    expansions, known = bytearray(b" "), {"": 0}
    places = np.ones(0x110000, np.int32)  # a border
    for point, value in folded_points():
        if point < 128:
            ascii_table[point] = ord(value)
        place = known.get(value)
        if place is None:
            raw = value.encode()
            place = known[value] = len(expansions) << 6 | len(raw)
            expansions += raw
        places[point] = place
    return ascii_table, places, np.frombuffer(bytes(expansions), np.uint8)


@compiled
def _fold_texts(data, offsets, ascii_table, places, expansions):
    """The fields of `Words`.

    ASCII goes without a branch on what the byte is: every byte is written where the next one belongs and every
    border where the next word's would be; only counting them tells. Which byte a text has next can't be predicted.
    """
    bound = _folded_bound(data, offsets[0], offsets[-1], places)
    out = np.empty(bound + len(offsets) + SPARE, np.uint8)
    starts = np.empty(bound // 2 + len(offsets) + 1, np.int64)
    ends = np.empty(bound // 2 + len(offsets) + 1, np.int64)
    texts = np.empty(len(offsets), np.int64)
    one = np.uint64(1)
    words = np.uint64(0)
    size = np.uint64(0)
    for text in range(len(offsets) - 1):
        texts[text] = words
        begin = size
        at = np.uint64(offsets[text])
        stop = np.uint64(offsets[text + 1])
        while at < stop:
            lead = data[at]
            if lead < 128:
                at += one
                byte = ascii_table[lead]
                out[size] = byte
                starts[words] = begin
                ends[words] = size
                letter = byte != 32
                some = size > begin
                ended = some and not letter
                size += np.uint64(letter or some)  # a word's end: a space, after which the next one may begin
                words += np.uint64(ended)
                begin = size if ended else begin
                continue
            point, at = code_point(data, at, stop)
            place = np.uint64(places[point])
            first = place >> np.uint64(6)
            last = first + (place & np.uint64(63))
            while first < last:
                byte = expansions[first]
                first += one
                if byte != 32:
                    out[size] = byte
                    size += one
                elif size > begin:
                    starts[words] = begin
                    ends[words] = size
                    words += one
                    out[size] = 32
                    size += one
                    begin = size
        if size > begin:
            starts[words] = begin
            ends[words] = size
            words += one
            out[size] = 32
            size += one
    texts[-1] = words
    return out[:size], starts[:words], ends[:words], texts


@compiled  # as `inner` it is woven into the pass in another way, which then takes 7 % longer
def _folded_bound(data, start, stop, places):
    """At most so many bytes, and one for each text, hold the folded words and a space after each."""
    bound = np.int64(stop - start)
    at = np.uint64(start)
    end = np.uint64(stop)
    while at < end:
        if data[at] < 128:
            at += np.uint64(1)
        else:
            point, at = code_point(data, at, end)
            bound += places[point] & 63
    return bound


@compiled
def _zero_digits(data, starts, ends, texts):
    changed = np.zeros(len(texts) - 1, np.bool_)
    for text in range(len(texts) - 1):
        if texts[text + 1] > texts[text]:
            digits = np.uint8(0)
            for at in range(starts[texts[text]], ends[texts[text + 1] - 1]):
                is_digit = np.uint8((data[at] - np.uint8(49)) & np.uint8(0xFF)) < np.uint8(9)
                digits |= np.uint8(is_digit)
                data[at] = np.uint8(48) if is_digit else data[at]
            changed[text] = digits != 0
    return changed


@compiled
def _characters(data, starts, ends, texts):
    """Folded texts without spaces, where each character begins and, last, where all end, texts' first characters."""
    out = np.empty(len(data) + SPARE, np.uint8)
    places = np.empty(len(data) + 1, np.int64)
    firsts = np.empty(len(texts), np.int64)
    size = 0
    count = 0
    for text in range(len(texts) - 1):
        firsts[text] = count
        for word in range(texts[text], texts[text + 1]):
            for at in range(starts[word], ends[word]):
                byte = data[at]
                if byte & 0xC0 != 0x80:
                    places[count] = size
                    count += 1
                out[size] = byte
                size += 1
    firsts[-1] = count
    places[count] = size
    return out[:size], places[: count + 1], firsts


def word_hashes(words: Words) -> np.ndarray:
    """A 64-bit hash of each word's bytes: uint64 (words,)."""
    return _word_hashes(words.data, words.starts, words.ends)


def ngram_hashes(
    words: Words, ngram: Ngram, hashes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A 64-bit hash of every n-gram of every text, in order, and where each text's begin.

    A text of fewer words or characters than `ngram` has one n-gram, all of it; one without words has none.
    n-grams are polynomials of the hashes of their words or characters (`word_hashes` of `units`, which may be given
    as `hashes`, and then `words` must be those units) modulo 2^64, mixed. Returns uint64 (n-grams,), int64
    (texts + 1,).
    """
    if hashes is None:
        words = units(words, ngram)
        hashes = word_hashes(words)
    return _ngram_hashes(hashes, words.texts, parsed(ngram)[0])  # type: ignore[no-any-return]


def units(words: Words, ngram: Ngram) -> Words:
    """What n-grams are made of: the words, or a word for each of their characters."""
    return words.characters() if parsed(ngram)[1] else words


@compiled
def _word_hashes(data, starts, ends):
    """Eight bytes at a time, mixed in by splitmix64's finaliser; the length tells zero bytes from none."""
    hashes = np.empty(len(starts), np.uint64)
    for word in range(len(starts)):
        at = np.uint64(starts[word])
        end = np.uint64(ends[word])
        code = end - at
        while at < end:
            absent = np.uint64(8) - min(np.uint64(8), end - at)
            lane = eight_bytes(data, at) >> (absent * np.uint64(8))
            code = splitmix(code * GOLDEN + lane + np.uint64(1))
            at += np.uint64(8)
        hashes[word] = code
    return hashes


@compiled
def _ngram_hashes(codes, texts, ngram):
    leading = power(ngram)
    hashes = np.empty(len(codes), np.uint64)
    firsts = np.empty(len(texts), np.int64)
    count = 0
    for text in range(len(texts) - 1):
        firsts[text] = count
        value = np.uint64(0)
        first = texts[text]
        last = texts[text + 1]
        for word in range(first, min(first + ngram, last)):
            value = value * GOLDEN + codes[word]
        if last > first:
            hashes[count] = splitmix(value)
            count += 1
        for word in range(first + ngram, last):
            value = value * GOLDEN + codes[word] - codes[word - ngram] * leading
            hashes[count] = splitmix(value)
            count += 1
    firsts[-1] = count
    return hashes[:count], firsts
