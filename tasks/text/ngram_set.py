"""Word n-gram overlap between texts: how much of a text stands word for word in a set of others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tasks.text.batching import batches
from tasks.text.hashset import hash_set
from tasks.text.words import Texts, fold_texts, ngram_hashes

_BATCH = 4 << 20  # characters hashed at a time


class NgramSet:
    """The set of all word n-grams of some texts, as 64-bit hashes; asked what share of a text it contains.

    Words are folded (`tasks.text.words`): case, diacritics, punctuation and line breaks make no difference,
    digits do. Two different n-grams are taken for one with a probability of about size / 2^64.

    texts: any number of texts, read once, a few MB at a time; 8 bytes are kept for each different n-gram.
    ngram: words in an n-gram. A text shorter than that is one n-gram of all its words, and so matches only a
        text of the same words.

    For the leakage of validation documents into training: build it from the validation side, and drop or
    report the training documents whose share exceeds a bound:

    >>> held_out = NgramSet(["the quick brown fox jumps over the lazy dog"], ngram=3)
    >>> held_out.contained_share("See how the quick, brown FOX sleeps")  # 2 of 5 three-word runs
    0.4
    """

    def __init__(self, texts: Iterable[str], ngram: int = 13):
        if ngram < 1:
            raise ValueError(f"ngram must be at least 1, not {ngram}")
        self.ngram = ngram
        found = [np.unique(ngram_hashes(fold_texts(batch), ngram)[0]) for batch in batches(texts, _BATCH)]
        self.hashes = np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)  # ascending
        self._known = hash_set(self.hashes)

    def __len__(self) -> int:
        return len(self.hashes)

    def contained_share(self, text: str) -> float:
        """Share of the text's word n-grams, repeats counted, that the set contains; 0 without words."""
        return float(self.contained_shares([text])[0])

    def contained_shares(self, texts: Texts) -> np.ndarray:
        """`contained_share` of each text: float64 (texts,). Much quicker than one by one."""
        hashes, firsts = ngram_hashes(fold_texts(texts), self.ngram)
        found = np.concatenate([[0], np.cumsum(self._known.contains(hashes))])
        totals = np.maximum(firsts[1:] - firsts[:-1], 1)
        return np.asarray((found[firsts[1:]] - found[firsts[:-1]]) / totals)
