from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest import groups
from tasks.node import Input

SIZES = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 40_000), min_size=1, max_size=60)


def grouped(sizes: dict[str, int], limit: int = 60_000, alone: int = 20_000) -> list[tuple[str, ...]]:
    files = [Input(name, name, "") for name in sorted(sizes)]
    with mock.patch.object(groups, "size_of", lambda file: sizes[file.name]):
        return [tuple(file.name for file in group) for group in groups.record_groups(files, limit, alone)]


@given(SIZES)
def test_every_file_is_in_one_group_in_order_and_large_ones_alone(sizes):
    found = grouped(sizes)
    small = [name for group in found for name in group if sizes[name] < 20_000]
    assert small == [name for name in sorted(sizes) if sizes[name] < 20_000]
    assert sorted(name for group in found for name in group) == sorted(sizes)
    assert all(len(group) == 1 for group in found if max(sizes[name] for name in group) >= 20_000)


@given(SIZES, st.text(min_size=1, max_size=4), st.integers(0, 40_000))
def test_a_new_file_touches_its_own_group_only(sizes, name, size):
    before, after = grouped(sizes), grouped({**sizes, name: size})
    if name not in sizes:
        gone = set(before) - set(after)
        assert len(gone) <= 1
        assert {file for group in set(after) - set(before) for file in group} == {
            name,
            *(file for group in gone for file in group),
        }


def test_groups_hold_what_is_wanted_on_average_and_empty_files_count():
    for size in (0, 500, 9_000):
        found = grouped({f"{number:05d}": size for number in range(20_000)}, limit=200_000)
        wanted = 200_000 / (size + groups.PER_FILE)
        assert 0.7 * wanted < 20_000 / len(found) < 1.4 * wanted
        assert max(map(len, found)) < 15 * wanted
