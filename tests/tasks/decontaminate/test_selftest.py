"""Injected items are found in every disguise, and what isn't found is named."""

import pytest

from tasks.benchmarks.benchmark import Item
from tasks.decontaminate import Config, find_hits
from tasks.decontaminate.disguises import KINDS, shown
from tasks.decontaminate.index.items import index_items
from tasks.decontaminate.selftest import EMBEDDED, sample, self_test

LONG = Item(
    "sums",
    "0",
    [
        "A baker's boy fills nine well-known trays with 1,100 rolls each & sells all but seven of them before noon; "
        "how many rolls aren't sold?",
        "He sells 9 * 1,100 - 7 = <<9*1100-7=9893>>9893 rolls, and so seven of all the rolls stay with the baker",
    ],
)
CHOICE = Item(
    "quiz", "1", ["Which pigment makes leaves green?", "Haem", "Chlorophyll", "Melanin", "Carotene"]
)
TINY = Item("quiz", "2", ["8 + 8 ÷ 2 + 2 =", "4", "8", "10", "14"])
ITEMS = [LONG, CHOICE, TINY]
DOCUMENTS = ["Some paragraph that has nothing to do with it, and a further one. " * 20]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.item)
def test_every_disguise_is_seen_through(item: Item, kind: str):
    hits = find_hits([KINDS[kind](shown(item.texts))], ITEMS)
    assert [(hit.benchmark, hit.item) for hit in hits] == [(item.benchmark, item.item)]


def test_recall_is_counted_by_benchmark_and_kind():
    rows = self_test(index_items(ITEMS, Config()), 10, DOCUMENTS)
    assert {row["kind"] for row in rows} == {*KINDS, EMBEDDED}
    assert {(row["benchmark"], row["items"], row["found"]) for row in rows} == {
        ("sums", 1, 1),
        ("quiz", 2, 2),
    }


def test_what_is_not_found_is_named():
    rows = self_test(index_items([LONG], Config(ngram=12)), 10, [])
    assert all(row["missed"] == [] for row in rows)
    blind = index_items([LONG], Config(ngram=12))
    blind.sought.slots[:] = 0
    assert all(row["missed"] == ["0"] for row in self_test(blind, 10, []))


def test_the_sample_doesn_t_depend_on_the_order_of_items_and_leaves_out_the_unsearchable():
    many = [Item("sums", str(n), [f"{LONG.texts[0]} {n}"]) for n in range(9)] + [
        Item("sums", "x", ["1 + 1", "2"])
    ]
    one = sample(index_items(many, Config(template=9)), 4)
    assert one == sample(index_items(many[::-1], Config(template=9)), 4)
    assert len(one) == 4
    assert "x" not in [item.item for item in sample(index_items(many, Config(template=9)), 99)]
