"""Band files: sorted, read in parts, and what repeats in them."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.entries import band_entries, read_part, read_parts, repeats, write_entries


def test_parts_of_a_file_are_the_file_in_the_order_of_keys(tmp_path: Path):
    chance = np.random.default_rng(4)
    keys = chance.integers(0, 1 << 64, 500, np.uint64)
    keys[:3] = 0, (1 << 64) - 1, 1 << 63
    rows = np.arange(500)
    write_entries(tmp_path / "bands.npy", keys, keys ^ np.uint64(5), rows)
    for of in (1, 2, 7, 1000):
        parts = [read_part(tmp_path / "bands.npy", part, of) for part in range(of)]
        together = np.concatenate(parts)
        assert together["key"].tolist() == sorted(keys.tolist())
        assert together["text"].tolist() == (together["key"] ^ np.uint64(5)).tolist()
        assert keys[together["row"]].tolist() == together["key"].tolist()
        for part, found in enumerate(parts):
            assert all((part << 64) // of <= key < ((part + 1) << 64) // of for key in found["key"].tolist())


def test_a_file_without_entries_has_empty_parts(tmp_path: Path):
    nothing = np.empty(0, np.uint64)
    write_entries(tmp_path / "bands.npy", nothing, nothing, nothing)
    assert len(read_part(tmp_path / "bands.npy", 3, 8)) == 0


def test_rows_of_many_files_are_counted_through(tmp_path: Path):
    for name, keys in (("a", [5, 6]), ("b", [5])):
        write_entries(tmp_path / name, np.array(keys, np.uint64), np.zeros(len(keys)), np.arange(len(keys)))
    keys, _, rows = read_parts([tmp_path / "a.npy", tmp_path / "b.npy"], np.array([0, 2, 3]), 0, 1)
    assert (keys.tolist(), rows.tolist()) == ([5, 6, 5], [0, 1, 2])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=30), st.randoms(use_true_random=False)
)
def test_repeats_name_the_first_row_whatever_the_order(pairs, chance):
    order = list(range(len(pairs)))
    chance.shuffle(order)
    keys, texts = (np.array([pairs[row][side] for row in order], np.uint64) for side in (0, 1))
    again, firsts = repeats(keys, texts, np.array(order, np.int64))
    expected = [(row, pairs.index(pair)) for row, pair in enumerate(pairs) if pairs.index(pair) < row]
    assert list(zip(again.tolist(), firsts.tolist(), strict=True)) == expected


def test_a_copy_within_the_file_and_a_text_without_words_have_no_band_entries():
    bands = np.array([[11, 12], [21, 22], [11, 12], [0, 0]], np.uint64)
    digests = np.array([1, 2, 1, 3], np.uint64)
    keys, texts, rows = band_entries(bands, np.array([9, 9, 9, 0]), digests, digests)
    assert list(zip(keys.tolist(), texts.tolist(), rows.tolist(), strict=True)) == [
        (11, 1, 0), (21, 2, 1), (12, 1, 0), (22, 2, 1),
    ]  # fmt: skip
