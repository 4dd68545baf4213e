"""Benchmark items as what is looked for: n-grams of long texts, short questions as phrases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.decontaminate.index.phrases import Phrase, Phrases, index_phrases
from tasks.decontaminate.index.runs import RunSets, run_hashes, run_sets, sample_length
from tasks.decontaminate.views import plain
from tasks.jit import compiled
from tasks.text import Words, fold_texts, word_hashes

if TYPE_CHECKING:
    from tasks.benchmarks import Item
    from tasks.decontaminate.config import Config

TELLING_WORDS = 5  # different words of two letters and more in an n-gram: below, it is a table or a sequence
MOST_SHARING = 2  # items of a benchmark with one short question: where more have it, it needs its choices
CLOSE_WORDS = 8  # of a question and one of its choices together, when the other choices are missing
FEWEST_LETTERS = 16  # of all texts of an item together, folded: below, choices must follow in order
EXACT_LETTERS = 10  # of question and choices without spaces: below, choices need their letters before them
_NO_LETTERS = re.compile(r"[^\w\s]|_")
_APOSTROPHES = re.compile(r"(?<=\w)['\u2019\u02bc`\u00b4](?=\w)")
_CALCULATIONS = re.compile(r"<<[^<>]*>>")


@dataclass(frozen=True)
class Passage:
    """A text of an item in one of its spellings. question: whether it is the question or prompt."""

    item: int
    question: bool
    text: str


@dataclass(frozen=True)
class ItemIndex:
    """What `tasks.decontaminate.search` looks for.

    items: all of them, in order. sizes: how many each benchmark has. ngram: words in an n-gram.
    grams: uint64 hashes of the n-grams that count, ascending, each once; places: int64 (grams + 1,), where in
    `owners` (int64) the passages begin that have it.
    item_of, totals, needed: int64 and question: bool, for each passage its item, how many n-grams it has (of a question:
    that count), how many of those that count a text must hold, and whether it is the question.
    phrases: questions without such n-grams. sought: all hashes that matter.
    unsearchable: numbers of the items that no rule can find.
    """

    items: list[Item]
    sizes: dict[str, int]
    ngram: int
    grams: np.ndarray
    places: np.ndarray
    owners: np.ndarray
    item_of: np.ndarray
    question: np.ndarray
    totals: np.ndarray
    needed: np.ndarray
    phrases: Phrases
    sought: RunSets
    unsearchable: list[int]


def index_items(items: Sequence[Item], config: Config) -> ItemIndex:
    """Folds the items and sorts them into long texts (n-grams) and short questions (phrases)."""
    passages = [passage for number, item in enumerate(items) for passage in _passages(number, item.texts)]
    passages, words = _folded(passages)
    codes = word_hashes(words)
    item_of = np.array([passage.item for passage in passages], np.int64)
    question = np.array([passage.question for passage in passages], bool)
    hashes, owners, telling = _grams(words, codes, item_of, items, config)
    counting = np.bincount(owners, minlength=len(passages))
    totals = np.where(question, counting, telling)
    needed = np.where(question, 1, np.ceil(totals * config.answer_share).astype(np.int64))
    needed = np.maximum(needed, 1)
    searched = {
        (item_of[n], bytes(words.folded(n))) for n in np.flatnonzero((counting > 0) & question).tolist()
    }
    answered = set(item_of[counting >= needed].tolist())
    phrases, found = _phrases(items, searched, config)
    grams, places = np.unique(hashes, return_index=True)
    wanted = {length: np.unique(group) for length, group in phrases.anchors.items()}
    wanted[config.ngram] = np.append(grams, wanted.get(config.ngram, grams[:0]))
    samples = run_hashes(codes, words.texts, sample_length(config.ngram))[0]
    return ItemIndex(
        list(items),
        dict(Counter(item.benchmark for item in items)),
        config.ngram,
        grams,
        np.append(places, len(hashes)),
        owners,
        item_of,
        question,
        totals,
        needed,
        phrases,
        run_sets(wanted, phrases.heads, np.append(samples, phrases.samples), config.ngram),
        [number for number in range(len(items)) if number not in found and number not in answered],
    )


def spellings(text: str) -> list[str]:
    """A text as it may stand elsewhere: as it is; with punctuation deleted, where it isn't replaced by a space
    (`don't` as `dont`, `1,000` as `1000`), all of it or apostrophes only; and without the calculations that GSM8K
    puts between double angle brackets."""
    text = plain(text)
    bare = _CALCULATIONS.sub("", text)
    found = [text, _NO_LETTERS.sub("", text), _APOSTROPHES.sub("", text)]
    if bare != text:
        found += [bare, _NO_LETTERS.sub("", bare)]
    return list(dict.fromkeys(found))


def _passages(number: int, texts: Sequence[str]) -> Iterator[Passage]:
    for place, text in enumerate(texts):
        for spelling in spellings(text):
            yield Passage(number, place == 0, spelling)


def _folded(passages: list[Passage]) -> tuple[list[Passage], Words]:
    """The passages that differ from the item's others in their folded words, and these words."""
    words = fold_texts([passage.text for passage in passages])
    known: set[tuple[int, bytes]] = set()
    kept = []
    for number, passage in enumerate(passages):
        key = passage.item, bytes(words.folded(number))
        if key[1] and key not in known:
            known.add(key)
            kept.append(passage)
    return kept, fold_texts([passage.text for passage in kept])


def _grams(
    words: Words, codes: np.ndarray, item_of: np.ndarray, items: Sequence[Item], config: Config
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashes of the n-grams that count and the passages that have them, ascending by hash, then passage; and how many
    n-grams a passage has, the benchmark's template included."""
    hashes, firsts = run_hashes(codes, words.texts, config.ngram)
    owners = np.searchsorted(words.texts, firsts, side="right") - 1
    telling = _telling(words.data, words.starts, words.ends, codes, firsts, config.ngram)
    hashes, owners = hashes[telling], owners[telling]
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    new = _changes(hashes, owners)
    hashes, owners = hashes[new], owners[new]
    rare = ~_template(hashes, item_of[owners], items, config.template)
    return hashes[rare], owners[rare], np.bincount(owners, minlength=len(item_of))


def _template(hashes: np.ndarray, holders: np.ndarray, items: Sequence[Item], most: int) -> np.ndarray:
    """Which n-grams (ascending) more than `most` items of one benchmark have; holders ascend within a hash."""
    names = {name: number for number, name in enumerate(sorted({item.benchmark for item in items}))}
    benchmarks = np.array([names[item.benchmark] for item in items], np.int64)[holders]
    once = _changes(hashes, holders)
    runs = np.cumsum(_changes(hashes, benchmarks)) - 1  # items of a benchmark stand together
    counts = np.bincount(runs[once], minlength=1)
    return np.asarray(counts[runs] > most) if len(runs) else np.zeros(0, bool)


@compiled
def _telling(data, starts, ends, codes, firsts, ngram):
    """Which runs of `ngram` words have at least `TELLING_WORDS` different words of two letters and more."""
    telling = np.zeros(len(firsts), np.bool_)
    for run in range(len(firsts)):
        first = firsts[run]
        different = 0
        for word in range(first, first + ngram):
            if ends[word] - starts[word] >= 2 and not 48 <= data[starts[word]] <= 57:
                new = True
                for other in range(first, word):
                    new = new and codes[other] != codes[word]
                different += new
        telling[run] = different >= TELLING_WORDS
    return telling


def _changes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """True where either differs from the entry before."""
    changes = np.ones(len(one), bool)
    changes[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return changes


def _phrases(
    items: Sequence[Item], searched: set[tuple[int, bytes]], config: Config
) -> tuple[Phrases, set[int]]:
    """How questions without n-grams are looked for, and of which items there is such a way.

    searched: (number of the item, folded question) where n-grams will find the question.
    """
    spelled = [(number, texts) for number, item in enumerate(items) for texts in _spelled(item.texts)]
    words = fold_texts([texts[0] for _, texts in spelled])
    spelled = [
        spelling
        for place, spelling in enumerate(spelled)
        if (spelling[0], bytes(words.folded(place))) not in searched
    ]
    words = fold_texts([text for _, texts in spelled for text in texts])
    codes = word_hashes(words)
    found: dict[bytes, Phrase] = {}
    sharing = _sharing(words, spelled, items)
    at = 0
    for (number, texts), shared in zip(spelled, sharing, strict=True):
        parts = [
            (bytes(words.folded(i)).split(), codes[words.texts[i] : words.texts[i + 1]])
            for i in range(at, at + len(texts))
        ]
        at += len(texts)
        for phrase in _ways(number, parts, shared <= MOST_SHARING, config):
            key = b"".join([b"%d " % number, phrase.words.tobytes(), *(o.tobytes() for o in phrase.others)])
            found.setdefault(key, phrase)
    phrases = list(found.values())
    return index_phrases(phrases, config.ngram), {phrase.item for phrase in phrases}


def _sharing(words: Words, spelled: Sequence[tuple[int, list[str]]], items: Sequence[Item]) -> list[int]:
    """How many items of its benchmark have each question. spelled: number of the item, its texts."""
    keys = []
    holders: dict[tuple[str, bytes], set[int]] = {}
    at = 0
    for number, texts in spelled:
        keys.append((items[number].benchmark, bytes(words.folded(at))))
        holders.setdefault(keys[-1], set()).add(number)
        at += len(texts)
    return [len(holders[key]) for key in keys]


def _spelled(texts: Sequence[str]) -> Iterator[list[str]]:
    """All texts of an item in one spelling after the other."""
    every = [spellings(text) for text in texts]
    for place in range(max(map(len, every), default=0)):
        yield [found[min(place, len(found) - 1)] for found in every]


def _ways(
    number: int, parts: Sequence[tuple[list[bytes], np.ndarray]], rare: bool, config: Config
) -> Iterator[Phrase]:
    """How one spelling of an item without n-grams in its question is looked for.

    parts: for each text its folded words, and their hashes. rare: whether few items have this question.
    """
    words, own = parts[0]
    others = [(folded, codes) for folded, codes in parts[1:] if folded]
    if not words:
        return
    if rare and len(words) >= config.phrase and _different(words) >= TELLING_WORDS:
        yield Phrase(number, own, True, [], [], 0)
        return
    if not others:
        return
    letters = sum(len(b" ".join(folded)) for folded, _ in [parts[0], *others])
    if letters >= FEWEST_LETTERS:
        strong = [
            len(words) + len(folded) >= CLOSE_WORDS and _different([*words, *folded]) >= TELLING_WORDS
            for folded, _ in others
        ]
        window = 2 * (len(words) + sum(len(folded) for folded, _ in others)) + 32
        yield Phrase(number, own, False, [codes for _, codes in others], strong, window)
        return
    labelled = [own]
    for label, (_, codes) in zip(_LABELS, others, strict=False):
        labelled += [word_hashes(fold_texts([label])), codes]
    if len(others) > 1:
        yield Phrase(number, np.concatenate(labelled), True, [], [], 0)
    if sum(len(word) for folded, _ in [parts[0], *others] for word in folded) >= EXACT_LETTERS:
        yield Phrase(number, np.concatenate([own, *(codes for _, codes in others)]), True, [], [], 0)


_LABELS = "abcdefghij"


def _different(words: Sequence[bytes]) -> int:
    return len({word for word in words if len(word) >= 2 and not word[:1].isdigit()})
