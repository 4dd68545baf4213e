"""Texts that nobody meant to be documents: signed like any other, in bounded memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.dedup import deduplicate
from tasks.dedup.config import Config
from tasks.dedup.minhash.sketch import sign
from tasks.dedup.minhash.table import signatures

ROOT = Path(__file__).parents[3]


def test_texts_without_words_are_duplicates_only_of_themselves():
    texts = ["", "", "\0", "\0\0", "\0\0", "!?", "\u200b", "\u0301", "\ufffd"]
    kept, _, ledger = deduplicate(pa.table({"id": [f"{n}" for n in range(len(texts))], "text": texts}))
    assert kept == ["0", "2", "3", "5", "6", "7", "8"]
    rules = {row["id"]: (row["rule"], row["matched_id"]) for row in ledger.to_pylist() if row["rule"]}
    assert rules == {"1": ("exact-duplicate", "0"), "4": ("exact-duplicate", "3")}


def test_texts_of_a_word_or_two_are_compared_too():
    texts = ["One", "one!", "One two", "ONE, TWO", "two one", "a\0b", "a b", "ab"]
    kept, _, _ = deduplicate(pa.table({"id": [f"{n}" for n in range(len(texts))], "text": texts}))
    assert kept == ["1", "3", "4", "5", "7"]  # the longer of each two


@pytest.mark.parametrize("ngram", [5, "13 characters"])
def test_a_long_text_among_short_ones_changes_none_of_them(ngram):
    long = "word " * 300_000 + "\0" * 1000 + "漢" * 200_000 + "x" * 1_000_000
    signed = sign(["a b c", long, "d", ""], ngram=ngram, num_perm=8)
    assert np.array_equal(signed[[0, 2, 3]], sign(["a b c", "d", ""], ngram=ngram, num_perm=8))
    rows = signatures(pa.table({"id": ["1"], "text": [long]}), Config(ngram=ngram))
    assert rows["words"].to_pylist() == [500_001]


PEAK = """
import pyarrow as pa
from tasks.dedup.minhash.table import signatures
from tasks.dedup.config import Config

def resident(name):
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith(name))

config = Config(ngram={ngram!r})
signatures(pa.table({{"id": ["a"], "text": ["a b"]}}), config)
documents = pa.table({{"id": ["a"], "text": pa.array([{text}], pa.large_string())}})
open("/proc/self/clear_refs", "w").write("5")  # the peak from here on
before = resident("VmRSS")
signatures(documents, config)
print(resident("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("ngram", "most"), [(5, 8), ("13 characters", 16)])
@pytest.mark.parametrize(
    "text", ["'some words ' * 9_000_000", "'漢' * 33_000_000", "'x' * 100_000_000", "'\\0' * 100_000_000"]
)
def test_a_text_of_100_megabytes_takes_so_many_times_its_size(text: str, ngram, most: int):
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(ngram=ngram, text=text)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert int(done.stdout) < most * 100e6
