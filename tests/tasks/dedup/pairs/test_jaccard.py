"""Words as codes, and the exact similarity of documents from them."""

from pathlib import Path

import numpy as np
import pytest

from tasks.dedup.minhash.sketch import shingles
from tasks.dedup.pairs import jaccard as sets
from tasks.dedup.pairs.word_hashes import Codes, CodeWriter
from tasks.text.words import fold_texts


def letters(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def texts(count: int, seed: int) -> list[str]:
    chance = np.random.default_rng(seed)
    return [
        " ".join(letters(int(word)) for word in chance.integers(0, 12, chance.integers(0, 60)))
        for _ in range(count)
    ]


def written(path: Path, runs: list[list[str]]) -> Codes:
    with CodeWriter(path) as writer:
        for run in runs:
            writer.add(fold_texts(run))
    return Codes.open(path)


def jaccard(one: str, other: str, ngram: int) -> float:
    left, right = set(shingles(one, ngram=ngram)), set(shingles(other, ngram=ngram))
    return len(left & right) / len(left | right) if left | right else 0.0


@pytest.mark.parametrize("runs", [[], [[]], [[""]], [["a b", "", "c"], ["d e f"]], [["one"], ["two three"]]])
def test_a_documents_codes_are_found_by_its_row(tmp_path: Path, runs: list[list[str]]):
    codes = written(tmp_path / "words.bin", runs)
    every = [text for run in runs for text in run]
    rows = np.arange(len(every))
    assert len(codes) == len(every)
    assert codes.counts(rows).tolist() == [len(text.split()) for text in every]
    alone = [written(tmp_path / f"{row}.bin", [[text]]).codes.tolist() for row, text in enumerate(every)]
    assert [part.tolist() for part in codes.gather(rows)] == alone


def test_similarities_equal_the_plain_sets_over_files_and_batches(tmp_path: Path, monkeypatch):
    first, second = texts(25, 3), texts(35, 4)
    files = [written(tmp_path / "a", [first[:7], first[7:]]), written(tmp_path / "b", [second])]
    ones, others = (side.ravel() for side in np.meshgrid(np.arange(25), np.arange(35)))
    pairs = [np.stack([np.full(len(side), n), side], axis=1) for n, side in enumerate((ones, others))]
    plain = [jaccard(first[a], second[b], 2) for a, b in zip(ones.tolist(), others.tolist(), strict=True)]
    assert sets.verify(files, *pairs, 2, 0.0).tolist() == plain
    cut = [value if value >= 0.3 else -1.0 for value in plain]
    assert sets.verify(files, *pairs, 2, 0.3).tolist() == cut
    monkeypatch.setattr(sets, "_BATCH_WORDS", 100)
    assert sets.verify(files, *pairs, 2, 0.3).tolist() == cut


def test_a_pair_at_the_threshold_is_one(tmp_path: Path):
    one = " ".join(f"b{letters(i)}" for i in range(200))
    codes = written(tmp_path / "a", [[one + " page", one + " other"]])
    value = jaccard(one + " page", one + " other", 5)
    pair = np.array([[0, 0]]), np.array([[0, 1]])
    assert sets.verify([codes], *pair, 5, value).tolist() == [value]
    assert sets.verify([codes], *pair, 5, value + 1e-9).tolist() == [-1]


def test_no_pairs_take_no_files():
    assert sets.verify([], np.empty((0, 2), np.int64), np.empty((0, 2), np.int64), 5, 0.75).tolist() == []
