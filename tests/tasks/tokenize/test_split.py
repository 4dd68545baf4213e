from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import StageError
from tasks.tokenize.split import Group, choose_validation, group_of


def groups(**sizes):
    """Groups of one source (a number) or several (a mapping)."""
    return {
        name: Group(1, Counter(size if isinstance(size, dict) else {"web": size}))
        for name, size in sizes.items()
    }


def many(count, size=100, source="web"):
    return {f"{source}-{index}": Group(1, Counter({source: size})) for index in range(count)}


@pytest.mark.parametrize(
    ("url", "metadata", "group"),
    [
        ("https://example.org/a", {"group": "json"}, "json"),
        ("https://Example.org:8080/a", {}, "example.org"),
        (None, {}, "id-1"),
        ("not a url", {}, "id-1"),
        ("http://[broken", {}, "id-1"),
        ("https://example.org/a", {"group": ""}, "example.org"),
    ],
)
def test_a_group_is_that_of_the_metadata_else_the_host_else_the_document(url, metadata, group):
    assert group_of("id-1", url, metadata) == group


def test_about_the_wanted_share_is_held_out():
    chosen = choose_validation(many(1000), 0.05, 10**9, seed=1)
    assert len(chosen) in range(45, 51)


def test_the_bound_in_bytes_holds():
    assert len(choose_validation(many(1000), 0.05, 1000, seed=1)) in range(9, 11)


@given(
    sizes=st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=20, max_size=60),
    fraction=st.floats(0.05, 0.4), seed=st.integers(0, 9),
)  # fmt: skip
def test_never_too_much_and_never_a_group_above_a_third(sizes, fraction, seed):
    made = {str(i): Group(1, Counter({"a": a, "b": b})) for i, (a, b) in enumerate(sizes)}
    wanted = fraction * sum(group.size for group in made.values())
    try:
        chosen = choose_validation(made, fraction, 10**9, seed)
    except StageError:
        assert not any(group.size <= int(wanted) / 3 for group in made.values())
        return
    assert sum(made[name].size for name in chosen) <= wanted
    assert all(made[name].size <= wanted / 3 for name in chosen)


def test_each_source_gives_its_share():
    made = many(700, source="web") | many(300, source="books")
    chosen = choose_validation(made, 0.1, 10**9, seed=3)
    by_source = Counter(name.split("-")[0] for name in chosen)
    assert 65 <= by_source["web"] <= 70
    assert 27 <= by_source["books"] <= 30


def test_a_source_of_one_large_group_leaves_its_share_to_the_others():
    made = many(500) | groups(kant=50_000)
    chosen = choose_validation(made, 0.1, 10**9, seed=1)
    assert "kant" not in chosen
    assert len(chosen) * 100 >= 0.9 * 10_000


def test_the_seed_decides_and_the_order_of_the_groups_does_not():
    made = many(200)
    backwards = dict(reversed(made.items()))
    assert choose_validation(made, 0.1, 10**9, 1) == choose_validation(backwards, 0.1, 10**9, 1)
    assert choose_validation(made, 0.1, 10**9, 1) != choose_validation(made, 0.1, 10**9, 2)


@pytest.mark.parametrize("made", [groups(one=1000), groups(a=500, b=500), {}], ids=["one", "two", "none"])
def test_too_few_groups_are_an_error_with_the_numbers(made):
    with pytest.raises(StageError, match=rf"bytes in {len(made)} groups"):
        choose_validation(made, 0.05, 10**9, 1)
