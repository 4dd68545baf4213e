"""Candidates, verified pairs and large buckets."""

import numpy as np
import pyarrow as pa

from tasks.dedup.clusters import choose, priorities
from tasks.dedup.index import SIGNATURES, Index, load, signatures
from tasks.dedup.minhash import shingles
from tasks.dedup.pairs import find_candidates, find_pairs
from tasks.dedup.sets import ShingleSets
from tasks.dedup.signatures import Config


def indexed(texts: list[str], **settings: int) -> tuple[Index, pa.Table]:
    documents = pa.table({"id": [f"{i:05d}" for i in range(len(texts))], "text": texts})
    return load([signatures(documents, Config(**settings))], SIGNATURES.names), documents


def letters(number: int) -> str:
    """A number in letters, so that folding its digits doesn't make all numbers equal."""
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def pages(count: int) -> list[str]:
    """Near-identical pages: one boilerplate of 200 words, one word of their own at the end."""
    boilerplate = " ".join(f"b{letters(i)}" for i in range(200))
    return [f"{boilerplate} page{letters(i)}" for i in range(count)]


def jaccard(one: str, other: str) -> float:
    left, right = set(shingles(one)), set(shingles(other))
    return len(left & right) / len(left | right)


def test_pairs_are_verified_exactly_and_sorted_by_id():
    texts = [*pages(3), "entirely other words stand here", pages(1)[0].upper()]
    index, documents = indexed(texts)
    pairs = find_pairs(index, lambda: [documents], 5, 0.75)
    assert [(row["a"], row["b"]) for row in pairs.to_pylist()] == [
        ("00000", "00001"),
        ("00000", "00002"),
        ("00001", "00002"),  # 00004 has the text of 00000, which stands for it
    ]
    assert pairs["similarity"].to_pylist() == [jaccard(texts[0], texts[1])] * 3
    assert not any(pairs["sampled"].to_pylist())


def test_a_pair_below_the_threshold_is_no_pair_and_one_at_it_is():
    index, documents = indexed(pages(2), bands=50, rows=1)
    similarity = jaccard(*pages(2))
    assert find_pairs(index, lambda: [documents], 5, similarity).num_rows == 1
    assert find_pairs(index, lambda: [documents], 5, similarity + 1e-9).num_rows == 0


def test_a_large_bucket_costs_a_few_pairs_for_each_document_and_keeps_one():
    texts = pages(400)
    index, documents = indexed(texts)
    candidates = find_candidates(index, 16)
    assert sum(len(bucket) > 16 for bucket in candidates.buckets) > 0
    assert len(candidates.pairs) < 20 * len(texts)
    pairs = find_pairs(index, lambda: [documents], 5, 0.75, full_bucket=16)
    assert pairs.num_rows < 20 * len(texts)
    assert any(pairs["sampled"].to_pylist())
    for rules in (["id"], ["-id"], ["length"]):
        order = priorities(index.signatures, rules, [])
        choice = choose(index, pairs, order, lambda: [documents], 5, 0.75)
        assert len(choice.members) == 400
        assert (~choice.removed).sum() == 1
        best = int(np.argmin(order))
        assert set(choice.survivor.tolist()) == {best}
        assert choice.similarity.min() == jaccard(texts[0], texts[1])


def test_leaders_of_a_mixed_bucket_each_gather_their_own():
    texts = [
        f"{letters(i % 3) * 3} {text}"
        for i, text in enumerate(" ".join([letters(i % 3)] * 50) + f" x{letters(i)}" for i in range(30))
    ]
    index, documents = indexed(texts)
    sets = ShingleSets([documents], index.positions, np.ones(30, bool), 5)
    pairs, values = sets.leaders(np.arange(30), 0.5, 8)
    assert len(pairs) == 27
    assert all(member % 3 == leader % 3 == leader for member, leader in pairs.tolist())
    assert values.min() >= 0.5


def test_copies_of_one_page_cost_nothing():
    index, documents = indexed([pages(1)[0]] * 5000 + ["", "?"])
    assert len(find_candidates(index, 64).pairs) == 0
    pairs = find_pairs(index, lambda: [documents], 5, 0.75)
    assert pairs.num_rows == 0
    choice = choose(index, pairs, priorities(index.signatures, [], []), lambda: [documents], 5, 0.75)
    assert choice.removed.sum() == 4999
    assert set(choice.survivor.tolist()) == {0}


def test_similarities_equal_the_plain_sets():
    chance = np.random.default_rng(3)
    texts = [
        " ".join(letters(int(word)) for word in chance.integers(0, 12, chance.integers(1, 60)))
        for _ in range(60)
    ]
    index, documents = indexed(texts)
    sets = ShingleSets(documents.to_batches(max_chunksize=7), index.positions, np.ones(60, bool), 2)
    ones, others = (side.ravel() for side in np.meshgrid(np.arange(60), np.arange(60)))
    plain = [
        len(left & right) / len(left | right)
        for left, right in (
            (set(shingles(texts[a], ngram=2)), set(shingles(texts[b], ngram=2)))
            for a, b in zip(ones.tolist(), others.tolist(), strict=True)
        )
    ]
    assert sets.similarities(ones, others, 0.0).tolist() == plain
    cut = [value if value >= 0.3 else -1.0 for value in plain]
    assert sets.similarities(ones, others, 0.3).tolist() == cut
