"""Benchmark items as what is looked for: n-grams of long questions, short questions as phrases."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.decontaminate.hashset import HashSet, hash_set
from tasks.dedup.words import Words, fold_texts, ngram_hashes, word_hashes
from tasks.jit import compiled

if TYPE_CHECKING:
    from tasks.decontaminate.node import Config
    from tasks.evaluate.benchmarks import Item

TELLING_WORDS = 5  # different words of two letters and more in an n-gram: below, it is a table or a sequence
FEWEST_LETTERS = 16  # of all texts of an item together, folded: below, it can't be told from chance
ANCHORS = (1, 2, 3, 4, 5, 8)  # lengths in words of the beginnings by which phrases are found
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")


def plain(text: str) -> str:
    """The text with HTML entities as the characters that they stand for."""
    return html.unescape(text) if "&" in text and _ENTITY.search(text) else text


@dataclass(frozen=True)
class Phrase:
    """A question that is looked for word for word.

    item: its number. rest: hashes of its words after the beginning by which it is found. alone: found by
    itself; else `others`, the hashes of the words of each of the item's other texts, must follow it, within
    `window` words from the question's first.
    """

    item: int
    rest: np.ndarray
    alone: bool
    others: list[np.ndarray]
    window: int


@dataclass(frozen=True)
class ItemIndex:
    """What `tasks.decontaminate.search` looks for.

    items: all of them, in order. ngram: words in an n-gram. grams: uint64 hashes of the questions' n-grams,
    ascending, once for each item; owners: int64, whose. totals: int64, for each item how many n-grams count.
    phrases: length in words of a beginning -> its hash -> the questions that begin so. sought: length -> all
    hashes that matter. unsearchable: numbers of the items too short for any rule.
    """

    items: list[Item]
    ngram: int
    grams: np.ndarray
    owners: np.ndarray
    totals: np.ndarray
    phrases: dict[int, dict[int, list[Phrase]]]
    sought: dict[int, HashSet]
    unsearchable: list[int]


def index_items(items: Sequence[Item], config: Config) -> ItemIndex:
    """Folds the items and sorts them into long questions (n-grams) and short ones (phrases)."""
    questions = fold_texts([plain(item.texts[0]) if item.texts else "" for item in items])
    codes = word_hashes(questions)
    lengths = np.diff(questions.texts)
    grams, owners = _grams(questions, codes, lengths, items, config)
    totals = np.bincount(owners, minlength=len(items))
    phrases: dict[int, dict[int, list[Phrase]]] = {}
    unsearchable = []
    for number in np.flatnonzero(totals == 0).tolist():
        own = codes[questions.texts[number] : questions.texts[number + 1]]
        anchor = max((length for length in (*ANCHORS, config.ngram) if length <= len(own)), default=0)
        phrase = _phrase(number, questions, own, anchor, items[number].texts[1:], config)
        if phrase is None:
            unsearchable.append(number)
        else:
            phrases.setdefault(anchor, {}).setdefault(_hash(own[:anchor]), []).append(phrase)
    wanted = {length: np.array(list(found), np.uint64) for length, found in phrases.items()}
    wanted[config.ngram] = np.append(np.unique(grams), wanted.get(config.ngram, grams[:0]))
    sought = {length: hash_set(wanted[length]) for length in sorted(wanted)}
    return ItemIndex(list(items), config.ngram, grams, owners, totals, phrases, sought, unsearchable)


def _grams(
    questions: Words, codes: np.ndarray, lengths: np.ndarray, items: Sequence[Item], config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the n-grams that count and the items that have them, ascending by hash, then item."""
    hashes, firsts = ngram_hashes(questions, config.ngram, codes)
    owners = np.repeat(np.arange(len(items)), np.diff(firsts))
    long = lengths[owners] >= config.ngram
    long &= _telling(questions.data, questions.starts, questions.ends, questions.texts, codes, config.ngram)
    hashes, owners = hashes[long], owners[long]
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    new = _changes(hashes, owners)
    hashes, owners = hashes[new], owners[new]
    names = sorted({item.benchmark for item in items})
    benchmarks = np.array([names.index(item.benchmark) for item in items], np.int64)
    runs = np.flatnonzero(_changes(hashes, benchmarks[owners]))
    counts = np.diff(np.append(runs, len(hashes)))
    rare = np.repeat(counts <= config.template, counts)
    return hashes[rare], owners[rare]


@compiled
def _telling(data, starts, ends, texts, codes, ngram):
    """Which n-grams have at least `TELLING_WORDS` different words of two letters and more."""
    telling = np.zeros(len(codes), np.bool_)
    count = 0
    for text in range(len(texts) - 1):
        last = texts[text + 1]
        for first in range(texts[text], max(last - ngram, texts[text]) + (last > texts[text])):
            different = 0
            for word in range(first, min(first + ngram, last)):
                if ends[word] - starts[word] >= 2 and not 48 <= data[starts[word]] <= 57:
                    new = True
                    for other in range(first, word):
                        new = new and codes[other] != codes[word]
                    different += new
            telling[count] = different >= TELLING_WORDS
            count += 1
    return telling[:count]


def _changes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """True where either differs from the entry before."""
    changes = np.ones(len(one), bool)
    changes[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return changes


def _phrase(
    number: int, questions: Words, own: np.ndarray, anchor: int, texts: Sequence[str], config: Config
) -> Phrase | None:
    """How a question without n-grams is looked for; None where the item is too short for that."""
    folded = fold_texts([plain(text) for text in texts])
    parts = np.split(word_hashes(folded), folded.texts[1:-1]) if texts else []
    others = [part for part in parts if len(part)]
    different = {word for word in bytes(questions.folded(number)).split() if _tells(word)}
    alone = len(own) >= config.phrase and len(different) >= TELLING_WORDS
    letters = len(questions.folded(number)) + sum(len(folded.folded(i)) for i in range(len(folded)))
    if not len(own) or not (alone or (others and letters >= FEWEST_LETTERS)):
        return None
    window = 2 * (len(own) + sum(map(len, others))) + 32
    return Phrase(number, own[anchor:], alone, others, window)


def _tells(word: bytes) -> bool:
    return len(word) >= 2 and not word[:1].isdigit()


def _hash(codes: np.ndarray) -> int:
    none = np.empty(0, np.int64)
    words = Words(np.empty(0, np.uint8), none, none, np.array([0, len(codes)]))
    return int(ngram_hashes(words, len(codes), codes)[0][0])
