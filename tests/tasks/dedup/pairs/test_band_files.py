"""Band files: sorted, read in parts, and what repeats in them."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.pairs.band_files import band_entries, read_meeting, read_part, repeats, write_entries


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


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.integers(0, 30), max_size=20), min_size=1, max_size=4),
    st.integers(1, 9),
    st.sampled_from([1, 1 << 59, (1 << 64) // 31]),
)
def test_whatever_meets_is_read_with_rows_counted_through(files, of, step):
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.npy" for n in range(len(files))]
        offsets = np.cumsum([0, *map(len, files)])
        plain = []
        for path, numbers, offset in zip(paths, files, offsets.tolist(), strict=False):
            keys = [number * step % (1 << 64) for number in numbers]
            write_entries(path, np.array(keys, np.uint64), np.arange(len(keys)) + 7, np.arange(len(keys)))
            plain += [(key, row + 7, row + offset) for row, key in enumerate(keys)]
        found = []
        for part in range(of):
            columns = read_meeting(paths, offsets, part, of)
            found += list(zip(*(column.tolist() for column in columns), strict=True))
        assert set(found) <= set(plain)
        assert len(found) == len(set(found))
        counts = Counter(key for key, _, _ in plain)
        assert {entry for entry in plain if counts[entry[0]] > 1} <= set(found)


def test_most_keys_that_are_alone_are_left_out(tmp_path: Path):
    keys = np.random.default_rng(2).integers(0, 1 << 64, 10_000, np.uint64)
    write_entries(tmp_path / "a.npy", keys, keys, np.arange(10_000))
    assert len(read_meeting([tmp_path / "a.npy"], np.array([0]), 0, 1)[0]) < 1500


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
