"""Deduplication of a table: what goes, for whom, and that nothing but content decides."""

import functools
import random
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup import Config, deduplicate
from tasks.dedup.minhash.sketch import shingles
from tasks.dedup.pairs.lsh import candidate_pairs
from tasks.errors import StageError

BASE = " ".join(f"word{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]}" for i in range(100))


def table(texts: dict[str, str], **columns: list) -> pa.Table:
    return pa.table({"id": list(texts), "text": list(texts.values()), **columns})


def edited(count: int, by: str = "other") -> str:
    """BASE with its last `count` words replaced."""
    words = BASE.split()
    return " ".join(words[: len(words) - count] + [f"{by}{chr(97 + i)}" for i in range(count)])


def jaccard(one: str, other: str) -> float:
    left, right = set(shingles(one)), set(shingles(other))
    return len(left & right) / len(left | right) if left | right else 0.0


def rules(ledger: pa.Table) -> dict[str, tuple[str | None, str | None]]:
    return {row["id"]: (row["rule"], row["matched_id"]) for row in ledger.to_pylist()}


def test_exact_duplicates_differ_in_case_punctuation_accents_and_wrapping_only():
    kept, clusters, ledger = deduplicate(
        table({"a": "Héllo, world!", "b": "hello\nWORLD", "c": "hello there"})
    )
    assert kept == ["a", "c"]
    assert rules(ledger) == {"a": (None, None), "b": ("exact-duplicate", "a"), "c": (None, None)}
    assert clusters.to_pylist() == [
        {"id": "a", "cluster": "a", "survivor": "a", "similarity": 1.0},
        {"id": "b", "cluster": "a", "survivor": "a", "similarity": 1.0},
    ]


def test_texts_that_differ_in_digits_only_are_near_duplicates_of_similarity_one():
    kept, _, ledger = deduplicate(table({"a": "Report of 2019: 17 cases", "b": "Report of 2020: 23 cases"}))
    assert kept == ["a"]
    assert ledger.to_pylist()[1]["rule"] == "near-duplicate"
    assert ledger.to_pylist()[1]["similarity"] == 1.0


def test_a_near_duplicate_names_its_survivor_and_the_exact_similarity():
    documents = table({"a": BASE, "b": edited(8), "c": edited(60)})
    kept, _, ledger = deduplicate(documents)
    assert kept == ["a", "c"]
    row = ledger.to_pylist()[1]
    assert (row["rule"], row["matched_id"], row["threshold"]) == ("near-duplicate", "a", 0.75)
    assert row["similarity"] == row["score"] == jaccard(BASE, edited(8))


def test_a_chained_cluster_keeps_those_that_are_unlike_every_survivor():
    chain = {"a": BASE, "b": edited(12)}
    chain["c"] = " ".join([*(f"new{chr(97 + i)}" for i in range(12)), *chain["b"].split()[12:]])
    config = Config(threshold=0.7, priority=["id"], bands=40, rows=2)
    assert jaccard(chain["a"], chain["b"]) >= 0.7
    assert jaccard(chain["b"], chain["c"]) >= 0.7 > jaccard(chain["a"], chain["c"])
    kept, clusters, _ = deduplicate(table(chain), config)
    assert kept == ["a", "c"]
    assert set(clusters["cluster"].to_pylist()) == {"a"}
    middle_first = deduplicate(table({"m": chain["b"], "x": chain["a"], "y": chain["c"]}), config)
    assert middle_first[0] == ["m"]


@pytest.mark.parametrize(
    ("priority", "sources", "expected"),
    [
        (["id"], [], "a"),
        (["-id"], [], "d"),
        (["length"], [], "b"),
        (["-length"], [], "a"),
        (["date"], [], "c"),
        (["-date"], [], "b"),
        (["source", "id"], ["books"], "d"),
        (["source", "date"], ["web", "books"], "c"),
        (["source", "length"], [], "b"),
    ],
)
def test_who_survives_is_a_rule(priority: list[str], sources: list[str], expected: str):
    texts = {"a": "same words", "b": "Same,    words!!", "c": "same, words", "d": "same. words"}
    documents = table(
        texts, source=["web", "web", "web", "books"], date=[None, "2019-01-01", "2024-05-06", None]
    )
    kept, _, ledger = deduplicate(documents, Config(priority=priority, sources=sources))
    assert kept == [expected]
    assert {matched for _, matched in rules(ledger).values()} == {expected, None}


@pytest.mark.parametrize(("rule", "expected"), [("quality", "b"), ("-quality", "a")])
def test_a_quality_score_decides_and_none_comes_last(rule: str, expected: str):
    texts = {"a": "same words", "b": "Same words!!", "c": "same, words"}
    documents = table(texts, quality=[0.25, 0.5, None])
    assert deduplicate(documents, Config(priority=[rule]))[0] == [expected]


def test_empty_and_wordless_texts_are_duplicates_of_their_equals_only():
    texts = {"a": "", "b": "", "c": "!!!", "d": "???", "e": "!!!", "f": "\U0001f600"}
    kept, _, ledger = deduplicate(table(texts))
    assert kept == ["a", "c", "d", "f"]
    assert rules(ledger)["e"] == ("exact-duplicate", "c")


def test_short_texts_are_not_exempt():
    kept, _, _ = deduplicate(table({"a": "Page not found", "b": "page-not-found", "c": "Page found"}))
    assert kept == ["a", "c"]


def test_repeated_ids_are_refused_with_the_ids():
    documents = pa.table({"id": ["x", "y", "x", "z", "y"], "text": list("abcde")})
    with pytest.raises(StageError, match="2 document ids stand for more than one document: x, y"):
        deduplicate(documents)


def test_an_empty_table_stays_empty():
    kept, clusters, ledger = deduplicate(
        table({}).cast(pa.schema([("id", pa.string()), ("text", pa.string())]))
    )
    assert (kept, clusters.num_rows, ledger.num_rows) == ([], 0, 0)


VERSIONS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 30), st.sampled_from(["", "Ä", "7"])), min_size=1, max_size=12
)


def corpus(versions: list[tuple[int, int, str]]) -> dict[str, str]:
    """Documents of up to three families; members differ in how many of their last words were replaced."""
    words = BASE.split()
    texts = {}
    for number, (family, changed, more) in enumerate(versions):
        own = [f"f{chr(97 + family)}{word}" for word in words[:40]]
        own[40 - changed :] = [f"v{chr(97 + changed % 5)}{word}" for word in own[40 - changed :]]
        texts[f"{number * 7919 % 1000:03d}"] = " ".join([*own, more])
    return texts


@settings(max_examples=60)
@given(VERSIONS, st.sampled_from([0.5, 0.75, 0.9]), st.randoms(use_true_random=False))
def test_survivors_are_those_of_the_plain_rule_in_any_order(
    versions, threshold: float, chance: random.Random
):
    texts = corpus(versions)
    survivors: list[str] = []
    for id in sorted(texts):  # the plain rule: in order of priority, against every survivor
        if not any(jaccard(texts[id], texts[other]) >= threshold for other in survivors):
            survivors.append(id)
    config = Config(threshold=threshold, priority=["id"], bands=100, rows=1)  # every pair becomes a candidate
    ids = list(texts)
    chance.shuffle(ids)
    kept, clusters, ledger = deduplicate(table({id: texts[id] for id in ids}), config)
    assert sorted(kept) == survivors
    assert kept == [id for id in ids if id in survivors]
    for row in ledger.to_pylist():
        if row["verdict"] == "dropped":
            assert row["matched_id"] in survivors
            assert row["similarity"] == jaccard(texts[row["id"]], texts[row["matched_id"]]) >= threshold
    again = deduplicate(table(texts), config)
    assert clusters.equals(again[1])
    assert ledger.equals(again[2])


@settings(max_examples=60)
@given(VERSIONS, st.sampled_from([0.5, 0.75, 0.9]), st.randoms(use_true_random=False))
def test_in_large_buckets_too_nothing_goes_unverified_and_order_decides_nothing(
    versions, threshold: float, chance: random.Random
):
    texts = corpus([*versions, *versions[:3]])
    config = Config(threshold=threshold, bands=100, rows=1)
    few = functools.partial(candidate_pairs, full_bucket=2, representatives=1)
    with patch("tasks.dedup.memory.candidate_pairs", few):
        kept, clusters, ledger = deduplicate(table(texts), config)
        ids = list(texts)
        chance.shuffle(ids)
        again = deduplicate(table({id: texts[id] for id in ids}), config)
    assert clusters.equals(again[1])
    assert ledger.equals(again[2])
    for row in ledger.to_pylist():
        if row["verdict"] == "dropped":
            assert row["matched_id"] in kept
            assert row["similarity"] == jaccard(texts[row["id"]], texts[row["matched_id"]]) >= threshold
    assert len({texts[id] for id in kept}) == len(kept)  # identical ones are always removed
