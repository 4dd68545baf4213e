"""From band entries to candidate pairs."""

from collections import defaultdict
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.pairs.lsh import candidate_pairs

ENTRIES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 40)), max_size=60)


def columns(entries: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Key, text, row of each entry, as arrays."""
    keys, texts, rows = zip(*entries, strict=True) if entries else ((), (), ())
    return np.array(keys, np.uint64), np.array(texts, np.uint64), np.array(rows, np.int64)


def plain(entries: list[tuple[int, int, int]], full: int, most: int) -> list[tuple[int, int, bool]]:
    """The rule in words of one line each."""
    buckets: dict[int, dict[int, int]] = defaultdict(dict)
    for key, text, row in entries:
        buckets[key][text] = min(row, buckets[key].get(text, row))
    found: dict[tuple[int, int], bool] = {}
    for bucket in buckets.values():
        rows = [bucket[text] for text in sorted(bucket)]
        large = len(rows) > full
        for i, j in combinations(range(len(rows)), 2):
            if not large or i < most:
                pair = max(rows[i], rows[j]), min(rows[i], rows[j])
                found[pair] = found.get(pair, False) or large
    return sorted((later, earlier, sampled) for (later, earlier), sampled in found.items())


@settings(deadline=None)
@given(ENTRIES, st.integers(2, 6), st.randoms(use_true_random=False))
def test_candidates_are_those_of_the_plain_rule_in_any_order(entries, full, chance):
    chance.shuffle(entries)
    pairs = candidate_pairs(*columns(entries), full_bucket=full, representatives=2)
    assert pairs.tolist() == plain(entries, full, 2)


def test_a_bucket_of_three_texts_gives_three_pairs():
    entries = [(7, 1, 10), (7, 2, 4), (7, 3, 12), (8, 1, 10)]
    assert candidate_pairs(*columns(entries)).tolist() == [(10, 4, False), (12, 4, False), (12, 10, False)]


def test_copies_of_a_text_cost_no_pairs_and_its_first_row_stands_for_them():
    copies = [(7, 1, row) for row in range(1000, 0, -1)]
    assert candidate_pairs(*columns(copies)).tolist() == []
    assert candidate_pairs(*columns([*copies, (7, 2, 5000)])).tolist() == [(5000, 1, False)]


def test_a_large_bucket_costs_a_few_pairs_for_each_text():
    entries = [(7, text, text) for text in range(1000)]
    pairs = candidate_pairs(*columns(entries), full_bucket=32, representatives=8)
    assert len(pairs) == 8 * 1000 - 8 * 9 // 2
    assert pairs["sampled"].all()
    assert set(pairs["earlier"].tolist()) == set(range(8))


def test_no_entries_give_no_pairs():
    assert len(candidate_pairs(*columns([]))) == 0
