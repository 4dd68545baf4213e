import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.store.fingerprint import FileDigests, canonical, content_digest, digest

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def write(path, table, **options):
    pq.write_table(table, path, **options)
    return content_digest(path)


ROWS = {
    "id": ["a", "b", None, "d"],
    "text": ["one", "", "three", None],
    "score": [0.5, None, 1.0, 2.0],
    "rules": [["x", "y"], [], None, ["z"]],
    "kept": [True, False, None, True],
}


def test_keys_in_any_order_have_one_canonical_form():
    assert canonical({"b": 1, "a": [1, 2.5, None]}) == b'{"a":[1,2.5,null],"b":1}'


@given(plain)
def test_equal_values_have_equal_digests(value):
    copy = dict(reversed(list(value.items()))) if isinstance(value, dict) else value
    assert digest(value) == digest(copy)


@pytest.mark.parametrize("value", [{1, 2}, print, object(), float("nan"), {1: 2}, b"bytes"])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical({"key": value})


def test_a_digest_does_not_depend_on_the_hash_seed():
    program = "from flows.store.fingerprint import digest; print(digest({'x': ['a', 'b'], 'y': {'k': 1}}))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1


def test_parquet_digests_see_rows_not_row_groups_or_compression(tmp_path):
    table = pa.table(ROWS)
    first = write(tmp_path / "1.parquet", table)
    assert first == write(
        tmp_path / "2.parquet", table, row_group_size=1, compression="gzip", use_dictionary=False
    )
    assert (tmp_path / "1.parquet").read_bytes() != (tmp_path / "2.parquet").read_bytes()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", ["one", "", "thre", None]),
        ("text", ["on", "e", "three", None]),
        ("text", ["one", None, "three", None]),
        ("score", [0.5, 0.0, 1.0, 2.0]),
        ("rules", [["x"], ["y"], None, ["z"]]),
        ("rules", [["xy"], [], None, ["z"]]),
        ("kept", [True, None, None, True]),
    ],
)
def test_parquet_digests_see_every_changed_value(tmp_path, column, value):
    changed = pa.table({**ROWS, column: pa.array(value, pa.table(ROWS)[column].type)})
    assert write(tmp_path / "1.parquet", pa.table(ROWS)) != write(tmp_path / "2.parquet", changed)


def test_row_order_is_content(tmp_path):
    table = pa.table(ROWS)
    assert write(tmp_path / "1.parquet", table) != write(tmp_path / "2.parquet", table.take([1, 0, 2, 3]))


def test_a_file_is_hashed_again_only_when_its_marks_change(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("one")
    os.utime(path, (1, 1))
    files = FileDigests(tmp_path / "memory.json")
    first = files.digest(path)
    path.write_text("two")
    assert files.digest(path) != first


def test_a_young_file_is_not_remembered(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("one")
    files = FileDigests(tmp_path / "memory.json")
    files.digest(path)
    files.save()
    assert not (tmp_path / "memory.json").exists()
