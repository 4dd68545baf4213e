"""The set of ids that ingest has given out, in memory and in files."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest import unique_ids
from tasks.ingest.unique_ids import Seen


@given(ids=st.lists(st.integers(0, 60).map(str), max_size=200), recent=st.integers(1, 9))
def test_it_is_a_set(ids, recent):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique_ids, "RECENT", recent)
        known: set[str] = set()
        with Seen(Path(folder)) as found:
            for id in ids:
                assert found.add(id) == (id not in known)
                known.add(id)


def test_what_is_no_longer_in_memory_is_still_known(tmp_path, monkeypatch):
    monkeypatch.setattr(unique_ids, "RECENT", 10)
    with Seen(tmp_path) as found:
        assert all(found.add(str(n)) for n in range(1275))
        assert len(found._recent) == 5
        assert not any(found.add(str(n)) for n in range(1275))
        assert list(tmp_path.iterdir()) == []  # what a crash would leave


def test_an_id_that_is_no_unicode_is_one_like_others(tmp_path):
    with Seen(tmp_path) as found:
        assert [found.add(id) for id in ("\ud800", "\ud801", "\ud800")] == [True, True, False]
