"""Which items the words of a batch of texts hold, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasks.decontaminate.index.items import ItemIndex
from tasks.decontaminate.index.phrases import find_phrases
from tasks.decontaminate.index.runs import Runs, find_runs
from tasks.text import Words, word_hashes

Matches = dict[tuple[int, int], "Match"]


@dataclass(frozen=True)
class Match:
    """How much of an item a text holds: the fields of `Hit`."""

    share: float
    count: int
    rule: str
    ngram: str

    def strength(self) -> tuple[float, bool, int]:
        return self.share, self.rule != "answer", self.count


def match_words(words: Words, index: ItemIndex) -> Matches:
    """(number of the text, number of the item) -> what was found of it."""
    return _match(words, index, lambda texts, firsts, lasts: None)


def match_spans(words: Words, index: ItemIndex) -> np.ndarray:
    """First and last word + 1 of every run of words that gives an item away: int64 (runs, 2), ascending."""
    runs: list[np.ndarray] = [np.empty((0, 2), np.int64)]
    _match(words, index, lambda texts, firsts, lasts: runs.append(np.stack([firsts, lasts], axis=1)))
    return np.unique(np.concatenate(runs), axis=0)


def _match(
    words: Words, index: ItemIndex, report: Callable[[np.ndarray, np.ndarray, np.ndarray], None]
) -> Matches:
    codes = word_hashes(words)
    found: Matches = {}
    for length, runs in find_runs(codes, words.texts, index.sought).items():
        if length == index.ngram:
            _grams(words, index, runs, found, report)
        _phrases(words, index, length, codes, runs, found, report)
    return found


def _grams(words: Words, index: ItemIndex, runs: Runs, found: Matches, report: Callable) -> None:
    """Questions and other texts by their n-grams, each n-gram counted once in a text."""
    at = np.minimum(np.searchsorted(index.grams, runs.hashes), len(index.grams) - 1)
    known = index.grams[at] == runs.hashes if len(index.grams) else np.zeros(len(at), bool)
    at, texts, firsts = at[known], runs.texts[known], runs.words[known]
    if not len(at):
        return
    pairs, once, back = np.unique(texts * len(index.grams) + at, return_index=True, return_inverse=True)
    sizes = index.places[at[once] + 1] - index.places[at[once]]
    rows = np.repeat(np.arange(len(pairs)), sizes)
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    passages = index.owners[index.places[at[once]][rows] + steps]
    keys, inverse, counts = np.unique(
        texts[once][rows] * len(index.totals) + passages, return_inverse=True, return_counts=True
    )
    begins = np.full(len(keys), len(words.starts), np.int64)
    np.minimum.at(begins, inverse, firsts[once][rows])
    enough = counts >= index.needed[keys % len(index.totals)]
    for key, count, first in zip(
        keys[enough].tolist(), counts[enough].tolist(), begins[enough].tolist(), strict=True
    ):
        text, passage = divmod(key, len(index.totals))
        rule = "question" if index.question[passage] else "answer"
        match = Match(count / int(index.totals[passage]), count, rule, _shown(words, first, index.ngram))
        _keep(found, (text, int(index.item_of[passage])), match)
    telling = np.zeros(len(pairs), bool)
    telling[rows[enough[inverse]]] = True
    telling = telling[back]
    report(texts[telling], firsts[telling], firsts[telling] + index.ngram)


def _phrases(
    words: Words,
    index: ItemIndex,
    length: int,
    codes: np.ndarray,
    runs: Runs,
    found: Matches,
    report: Callable,
) -> None:
    firsts, items, lasts = find_phrases(index.phrases, length, codes, runs.words, runs.ends, runs.hashes)
    texts = np.searchsorted(words.texts, firsts, side="right") - 1
    report(texts, firsts, lasts)
    keys, once = np.unique(texts * len(index.items) + items, return_index=True)
    for key, row in zip(keys.tolist(), once.tolist(), strict=True):
        first, last = int(firsts[row]), int(lasts[row])
        match = Match(1.0, 1, "phrase", _shown(words, first, last - first))
        _keep(found, divmod(key, len(index.items)), match)


def _keep(found: Matches, key: tuple[int, int], match: Match) -> None:
    known = found.get(key)
    if known is None or match.strength() > known.strength():
        found[key] = match


def _shown(words: Words, first: int, count: int) -> str:
    return words.data[words.starts[first] : words.ends[first + count - 1]].tobytes().decode()
