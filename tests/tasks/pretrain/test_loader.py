from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.pretrain.loader import Batches, Permutation, Skips


def shards(*lengths: int, **groups: int) -> SimpleNamespace:
    """Streams whose tokens count up through all of them; groups: name -> tokens, each of one value."""
    ends = np.cumsum([0, *lengths])
    streams = [np.arange(a, b, dtype=np.uint16) for a, b in pairwise(ends)]
    named = {name: [np.full(length, i, np.uint16)] for i, (name, length) in enumerate(groups.items())}
    return SimpleNamespace(streams=streams, groups=named)


def batches(data, *, seed=1, sequence_length=4, batch_size=3, mixture=None) -> Batches:
    return Batches(data, seed=seed, sequence_length=sequence_length, batch_size=batch_size, mixture=mixture)


def test_a_batch_is_tokens_and_the_tokens_that_follow_them():
    tokens, targets = batches(shards(30)).at(0)
    assert tokens.shape == targets.shape == (3, 4)
    assert tokens.dtype == targets.dtype == np.int64
    assert (targets == tokens + 1).all()


def test_a_window_runs_on_from_one_shard_into_the_next():
    data = shards(5, 1, 2, 9, 0, 4)
    rows = np.concatenate([batches(data, batch_size=1).at(position)[0] for position in range(5)])
    assert sorted(rows[:, 0]) == [0, 4, 8, 12, 16]
    assert (np.diff(rows, axis=1) == 1).all()


@given(st.integers(6, 200), st.integers(1, 7), st.integers(1, 5), st.integers(0, 2**40))
def test_every_epoch_visits_every_window_once(tokens, length, size, seed):
    data = batches(shards(tokens), seed=seed, sequence_length=min(length, tokens - 1), batch_size=size)
    count = data.windows_per_epoch
    first = [int(start) for position in range(3 * count) for start in data.at(position)[0][:, 0]]
    for epoch in range(3):
        assert sorted(first[epoch * count : (epoch + 1) * count]) == [
            i * data.sequence_length for i in range(count)
        ]


def test_epochs_and_seeds_differ_in_order():
    one, other = (batches(shards(401), seed=seed, batch_size=100) for seed in (1, 2))
    orders = [tuple(one.at(0)[0][:, 0]), tuple(one.at(1)[0][:, 0]), tuple(other.at(0)[0][:, 0])]
    assert len(set(orders)) == 3


def test_a_position_gives_the_same_batch_whatever_was_read_before():
    data = shards(1000)
    walked = batches(data)
    for position in range(500):
        walked.at(position)
    for position in (499, 0, 83, 250):
        assert (walked.at(position)[0] == batches(data).at(position)[0]).all()


def test_the_order_is_the_same_on_every_machine():
    starts = batches(shards(41), batch_size=10).at(0)[0][:, 0]
    assert starts.tolist() == [4, 32, 8, 28, 12, 16, 0, 24, 36, 20]


def test_the_slices_of_two_ranks_are_the_batch_of_one():
    data = batches(shards(500), batch_size=8)
    ranks = [data.at(3, slice(0, 4)), data.at(3, slice(4, 8))]
    for whole, *parts in zip(data.at(3), *ranks, strict=True):
        assert (np.concatenate(parts) == whole).all()


def test_a_mixture_holds_its_proportions_in_every_thousand_sequences():
    data = shards(web=50, code=400, book=90)
    mixed = batches(data, batch_size=100, mixture={"web": 5, "code": 3, "book": 2})
    values = np.concatenate([mixed.at(position)[0][:, 0] for position in range(30)]).reshape(3, 1000)
    for thousand in values:
        assert Counter(thousand.tolist()) == {0: 500, 1: 300, 2: 200}


def test_a_mixture_leaves_out_what_it_does_not_name():
    mixed = batches(shards(web=50, code=50), batch_size=50, mixture={"code": 1.0})
    assert set(mixed.at(0)[0].ravel()) == {1}


@pytest.mark.parametrize(
    ("mixture", "message"),
    [({"news": 1}, "news"), ({"web": -1, "code": 1}, "negative"), ({"web": 1, "code": 1e-9}, "leave it out")],
)
def test_a_mixture_that_does_not_fit_is_refused(mixture, message):
    with pytest.raises(ValueError, match=message):
        batches(shards(web=50, code=50), mixture=mixture)


def test_fewer_tokens_than_one_window_are_refused_with_the_numbers():
    with pytest.raises(ValueError, match="4 tokens, fewer than the 5"):
        batches(shards(4))


@given(st.integers(1, 3000), st.text(max_size=5))
def test_a_permutation_is_a_bijection(size, key):
    order = Permutation(size, key)
    assert sorted(order(i) for i in range(size)) == list(range(size))


def test_a_permutation_of_a_trillion_answers_at_once():
    order = Permutation(10**12, "x")
    assert len({order(i) for i in range(1000)}) == 1000
    with pytest.raises(IndexError):
        order(10**12)


def test_a_permutation_scatters_neighbours():
    order = Permutation(10_000, "1")
    distances = [abs(order(i) - order(i + 1)) for i in range(9_999)]
    assert 3000 < sum(distances) / len(distances) < 3666  # a third of the size for a random order


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=8), st.integers(1, 60))
def test_steps_take_the_positions_that_are_left_in_order(ranges, steps):
    skips = Skips([(start, start + length) for start, length in ranges])
    left_out = {position for start, length in ranges for position in range(start, start + length)}
    expected = [position for position in range(300) if position not in left_out][:steps]
    assert [skips.position(step) for step in range(1, steps + 1)] == expected
    assert Skips(skips.ranges).ranges == skips.ranges
