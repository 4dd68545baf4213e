"""Drop reasons with overlaps, against plain counting."""

from collections import Counter
from itertools import combinations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tasks.filter.replay.overlap import Overlap

failed = st.lists(st.lists(st.sampled_from("abcde"), unique=True, max_size=5), max_size=30)


@given(failed, failed)
def test_the_counts_are_those_of_plain_loops(one, other):
    found = Overlap()
    for rows in (one, other):
        found.add(pa.array(rows, pa.list_(pa.string())))
    rows = [row for row in one + other if row]
    assert (found.documents, found.dropped) == (len(one + other), len(rows))
    assert found.first == Counter(row[0] for row in rows)
    assert found.failed == Counter(name for row in rows for name in row)
    assert found.alone == Counter(row[0] for row in rows if len(row) == 1)
    assert found.pairs == Counter(pair for row in rows for pair in combinations(sorted(row), 2))


def test_null_lists_and_slices_count_as_they_look():
    column = pa.array([["a"], None, ["b", "a"], [], ["b"]], pa.list_(pa.string()))
    found = Overlap()
    found.add(pa.chunked_array([column.slice(1, 2), column.slice(4)]))
    assert (found.documents, found.dropped) == (3, 2)
    assert found.first == {"b": 2}
    assert found.pairs == {("a", "b"): 1}
    assert found.as_json()["rules"] == {
        "b": {"first": 2, "failed": 2, "alone": 1},
        "a": {"first": 0, "failed": 1, "alone": 0},
    }
