"""Which texts hold which benchmark items.

Words are folded on both sides (`tasks.dedup.words`) after HTML entities are decoded, so that case,
punctuation, diacritics, entities and the wrapping of lines hide nothing. An item is found by its question or
prompt; choices, answers and code alone are no evidence, being phrases that textbooks and programs share.

- A question of `ngram` words (13) or more: any run of 13 of its words (the rule of GPT-3, Brown et al., 2020,
  appendix C). Runs that more than `template` items of the benchmark have are its template, and don't count.
  Nor do runs of fewer than 5 different words of two letters and more: number sequences, formulas.
- A question without such a run, of `phrase` words (8) or more, 5 of them different: all of it, word for word.
- A shorter question: all of it, and after it, within a window of twice the item's words and 32 more, each of
  its other texts word for word. Where there are no other texts, or all texts together are fewer than 16
  letters, the item is not looked for, and counted as unsearchable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tasks.decontaminate.hashset import HashSet
from tasks.decontaminate.items import ItemIndex, Phrase, index_items, plain
from tasks.decontaminate.node import Config
from tasks.dedup.words import Words, fold_batches, ngram_hashes, word_hashes
from tasks.evaluate.benchmarks import Item
from tasks.jit import compiled


@dataclass(frozen=True)
class Hit:
    """A text that holds an item.

    text: its number. benchmark, item: the item's names. ngram: the words that were found first, folded.
    count, share: how many of the item's n-grams are in the text, of all that count; 1 and 1.0 for a phrase.
    """

    text: int
    benchmark: str
    item: str
    ngram: str
    count: int
    share: float


def find_hits(
    texts: Sequence[str] | pa.Array | pa.ChunkedArray,
    benchmark_items: Iterable[Item],
    config: Config | None = None,
) -> list[Hit]:
    """The hits of each text, in the texts' order, then the items'."""
    return search(texts, index_items(list(benchmark_items), config or Config()))


def search(texts: Sequence[str] | pa.Array | pa.ChunkedArray, index: ItemIndex) -> list[Hit]:
    """The same for items that are indexed already."""
    decoded = [plain(text) for text in _strings(texts)]
    hits: list[Hit] = []
    done = 0
    for words in fold_batches(decoded):
        hits += _search_words(words, index, done)
        done += len(words)
    return hits


def _strings(texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> list[str]:
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return [text or "" for text in texts.to_pylist()]
    return list(texts)


def _search_words(words: Words, index: ItemIndex, done: int) -> list[Hit]:
    codes = word_hashes(words)
    found: dict[tuple[int, int], tuple[int, int, int]] = {}  # text, item -> first word, words, count
    for length, sought in index.sought.items():
        places, hashes = _places(words, codes, length, sought)
        for place, value in zip(places.tolist(), hashes.tolist(), strict=True):
            text = int(np.searchsorted(words.texts, place, side="right")) - 1
            for item, size in _items(index, codes, place, int(words.texts[text + 1]), length, value):
                first, size, count = found.get((text, item), (place, size, 0))
                found[text, item] = first, size, count + 1
    return [_hit(words, index, done, text, item, *found[text, item]) for text, item in sorted(found)]


def _places(words: Words, codes: np.ndarray, length: int, sought: HashSet) -> tuple[np.ndarray, np.ndarray]:
    """First words of the runs of `length` words that are sought, and the runs' hashes."""
    hashes, firsts = ngram_hashes(words, length, codes)
    hit = np.flatnonzero(sought.contains(hashes))
    if not len(hit):
        return hit, hashes[hit]
    texts = np.searchsorted(firsts, hit, side="right") - 1
    long = np.diff(words.texts)[texts] >= length
    hit, texts = hit[long], texts[long]
    return words.texts[texts] + hit - firsts[texts], hashes[hit]


def _items(
    index: ItemIndex, codes: np.ndarray, place: int, end: int, length: int, value: int
) -> Iterator[tuple[int, int]]:
    """The items that a run of words gives away, and the length in words of what was found of each."""
    if length == index.ngram:
        wanted = np.uint64(value)
        low, high = np.searchsorted(index.grams, wanted), np.searchsorted(index.grams, wanted, "right")
        for item in index.owners[low:high].tolist():
            yield item, length
    for phrase in index.phrases.get(length, {}).get(value, ()):
        rest = place + length
        after = rest + len(phrase.rest)
        if (
            after <= end
            and _stands(codes, rest, after, phrase.rest)
            and _followed(phrase, codes, place, after, end)
        ):
            yield phrase.item, after - place


def _followed(phrase: Phrase, codes: np.ndarray, place: int, after: int, end: int) -> bool:
    last = min(end, place + phrase.window)
    return phrase.alone or all(_stands(codes, after, last, other) for other in phrase.others)


@compiled
def _stands(codes, start, end, wanted):
    """Whether the words `wanted` stand in a row in codes[start:end]."""
    for at in range(start, end - len(wanted) + 1):
        same = True
        for i in range(len(wanted)):
            if codes[at + i] != wanted[i]:
                same = False
                break
        if same:
            return True
    return False


def _hit(
    words: Words, index: ItemIndex, done: int, text: int, item: int, first: int, size: int, count: int
) -> Hit:
    ngram = words.data[words.starts[first] : words.ends[first + size - 1]].tobytes().decode()
    total = int(index.totals[item])
    known = index.items[item]
    distinct = min(count, total) if total else 1
    return Hit(done + text, known.benchmark, known.item, ngram, distinct, distinct / total if total else 1.0)
