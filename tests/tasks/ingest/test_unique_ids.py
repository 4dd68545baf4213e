"""The set of ids that ingest has given out, in memory and in files."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest import unique_ids
from tasks.ingest.unique_ids import Seen


@given(
    ids=st.lists(st.integers(0, 60).map(str), max_size=200),
    recent=st.integers(1, 9),
    filter_bits=st.sampled_from([4, 16]),
    block=st.integers(1, 5),
)
def test_it_is_a_set(ids, recent, filter_bits, block):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in (("RECENT", recent), ("FILTER_BITS", filter_bits), ("BLOCK", block)):
            patch.setattr(unique_ids, name, value)
        known: set[str] = set()
        with Seen(Path(folder)) as found:
            for id in ids:
                assert found.add(id) == (id not in known)
                known.add(id)


def test_runs_are_few(tmp_path, monkeypatch):
    monkeypatch.setattr(unique_ids, "RECENT", 10)
    with Seen(tmp_path) as found:
        assert all(found.add(str(n)) for n in range(1270))
        assert [run.count for run in found._runs] == [640, 320, 160, 80, 40, 20, 10]
        assert not any(found.add(str(n)) for n in range(1270))
        assert list(tmp_path.iterdir()) == []  # what a crash would leave


def test_an_id_that_is_no_unicode_is_one_like_others(tmp_path):
    with Seen(tmp_path) as found:
        assert [found.add(id) for id in ("\ud800", "\ud801", "\ud800")] == [True, True, False]
