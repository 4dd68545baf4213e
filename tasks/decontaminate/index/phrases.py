"""Short questions, looked for word for word: found by their beginnings, then compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.decontaminate.index.runs import HEAD, run_hashes, sample_length
from tasks.decontaminate.scan import with_room
from tasks.jit import compiled, inner

ANCHORS = (1, 2, 3, 4, 5, 8)  # lengths in words of the beginnings by which phrases are found
GAP = 4  # words at most between a question and a choice that counts with it: "Answer: (B)"


@dataclass(frozen=True)
class Phrase:
    """A question that is looked for word for word.

    item: its number. words: the hashes of its words. alone: found by itself. Else each of `others`, the hashes of
    the words of the item's other texts, must follow it within `window` words from its first; or one of those that
    are `strong` with it, after `GAP` words at most.
    """

    item: int
    words: np.ndarray
    alone: bool
    others: list[np.ndarray]
    strong: list[bool]
    window: int


@dataclass(frozen=True)
class Phrases:
    """Phrases as arrays for compiled code, sorted by their beginnings' lengths and hashes.

    anchors: length in words of a beginning -> uint64 hashes of the phrases that are found by it, ascending.
    firsts: length -> the number of the first of these phrases. heads: uint64, the hashes of the first `HEAD` words of
    those that have so many; samples: of all runs of `sample_length` words in a beginning of `ngram` words.
    items: int64, of which item each one is.
    bounds, codes: the words after the beginning; other_of, other_bounds, other_codes: the other texts' words.
    """

    anchors: dict[int, np.ndarray]
    firsts: dict[int, int]
    heads: np.ndarray
    samples: np.ndarray
    items: np.ndarray
    alone: np.ndarray
    windows: np.ndarray
    bounds: np.ndarray
    codes: np.ndarray
    other_of: np.ndarray
    strong: np.ndarray
    other_bounds: np.ndarray
    other_codes: np.ndarray


def index_phrases(phrases: Sequence[Phrase], ngram: int) -> Phrases:
    """The phrases as arrays; a beginning may also be `ngram` words long."""
    lengths = sorted({*ANCHORS, ngram})
    keyed = []
    for phrase in phrases:
        anchor = max(length for length in lengths if length <= len(phrase.words))
        keyed.append((anchor, _hash(phrase.words[:anchor]), phrase))
    keyed.sort(key=lambda entry: entry[:2])
    ordered = [phrase for _, _, phrase in keyed]
    anchors, firsts = {}, {}
    for length in lengths:
        chosen = [place for place, (anchor, _, _) in enumerate(keyed) if anchor == length]
        if chosen:
            anchors[length] = np.array([keyed[place][1] for place in chosen], np.uint64)
            firsts[length] = chosen[0]
    samples = [
        _hashes(phrase.words[:ngram], sample_length(ngram)) for anchor, _, phrase in keyed if anchor == ngram
    ]
    rests = [phrase.words[anchor:] for anchor, _, phrase in keyed]
    others = [other for phrase in ordered for other in phrase.others]
    return Phrases(
        anchors,
        firsts,
        np.array([_hash(phrase.words[:HEAD]) for phrase in ordered if len(phrase.words) >= HEAD], np.uint64),
        np.concatenate([np.empty(0, np.uint64), *samples]),
        np.array([phrase.item for phrase in ordered], np.int64),
        np.array([phrase.alone for phrase in ordered], bool),
        np.array([phrase.window for phrase in ordered], np.int64),
        *_joined(rests),
        np.cumsum([0, *(len(phrase.others) for phrase in ordered)]),
        np.array([strong for phrase in ordered for strong in phrase.strong], bool),
        *_joined(others),
    )


def _joined(runs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Where each run begins, and all of them one after another."""
    bounds = np.cumsum([0, *map(len, runs)])
    return bounds, np.concatenate([np.empty(0, np.uint64), *runs])


def _hash(codes: np.ndarray) -> int:
    return int(_hashes(codes, len(codes))[0])


def _hashes(codes: np.ndarray, length: int) -> np.ndarray:
    return run_hashes(codes, np.array([0, len(codes)]), length)[0]


def find_phrases(
    phrases: Phrases, length: int, codes: np.ndarray, places: np.ndarray, ends: np.ndarray, hashes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The phrases that stand where a beginning of `length` words does.

    codes: the hashes of all words. places, ends, hashes: for each beginning its first word, its text's last word + 1,
    and its hash. Returns places, numbers of items, and the words + 1 at which what was found ends: int64.
    """
    known = phrases.anchors.get(length)
    if known is None or not len(places):
        none = np.empty(0, np.int64)
        return none, none, none
    low = np.searchsorted(known, hashes) + phrases.firsts[length]
    high = np.searchsorted(known, hashes, side="right") + phrases.firsts[length]
    found = _find(
        codes, places, ends, low, high, length, phrases.alone, phrases.windows, phrases.bounds, phrases.codes,
        phrases.other_of, phrases.strong, phrases.other_bounds, phrases.other_codes,
    )  # fmt: skip
    return found[:, 0], phrases.items[found[:, 1]], found[:, 2]


@compiled
def _find(
    codes, places, ends, low, high, length, alone, windows, bounds, rests, other_of, strong, other_bounds, others
):  # fmt: skip
    found = np.empty((64, 3), np.int64)
    count = 0
    for i in range(len(places)):
        rest = places[i] + length
        for phrase in range(low[i], high[i]):
            after = rest + bounds[phrase + 1] - bounds[phrase]
            if after > ends[i] or not _stands(codes, rest, rests, bounds[phrase], bounds[phrase + 1]):
                continue
            last = after
            if not alone[phrase]:
                first_other = other_of[phrase]
                last_other = other_of[phrase + 1]
                stop = min(ends[i], places[i] + windows[phrase])
                last = _all_follow(codes, after, stop, others, other_bounds, first_other, last_other)
                if last < 0:
                    last = _one_follows(
                        codes, after, ends[i], others, other_bounds, first_other, last_other, strong
                    )
                if last < 0:
                    continue
            found = with_room(found, count)
            found[count, 0] = places[i]
            found[count, 1] = phrase
            found[count, 2] = last
            count += 1
    return found[:count]


@inner
def _all_follow(codes, start, stop, others, bounds, first, last):
    """Where the last of the other texts ends if all of them stand in codes[start:stop], else -1."""
    furthest = start
    for other in range(first, last):
        size = bounds[other + 1] - bounds[other]
        end = -1
        for at in range(start, stop - size + 1):
            if _stands(codes, at, others, bounds[other], bounds[other + 1]):
                end = at + size
                break
        if end < 0:
            return -1
        furthest = max(furthest, end)
    return furthest


@inner
def _one_follows(codes, start, stop, others, bounds, first, last, strong):
    """Where a strong one of the other texts ends that begins at most `GAP` words after `start`, else -1."""
    for other in range(first, last):
        if strong[other]:
            size = bounds[other + 1] - bounds[other]
            for at in range(start, min(start + GAP, stop - size) + 1):
                if _stands(codes, at, others, bounds[other], bounds[other + 1]):
                    return at + size
    return -1


@inner
def _stands(codes, at, wanted, first, last):
    same = True
    for i in range(last - first):
        same = same and codes[at + i] == wanted[first + i]
        if not same:
            break
    return same
