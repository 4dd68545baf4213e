"""The compiled search finds what the plain rules find."""

import decontamination_rules
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.benchmarks.benchmark import Item
from tasks.decontaminate import Config, find_hits

WORDS = ["ab", "cd", "ef", "gh", "ij", "kl", "a", "b", "7", "12"]


def phrases(least: int, most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(WORDS), min_size=least, max_size=most).map(" ".join)


items = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), phrases(0, 9), st.lists(phrases(0, 9), max_size=3)), max_size=6
).map(lambda rows: [Item(name, str(n), [question, *rest]) for n, (name, question, rest) in enumerate(rows)])


@st.composite
def cases(draw):
    """Items, and a text that is put together from parts of them and other words."""
    known = draw(items)
    parts = [text for item in known for text in item.texts] or [""]
    pieces = draw(st.lists(st.one_of(st.sampled_from(parts), phrases(0, 4)), max_size=8))
    config = Config(
        ngram=draw(st.integers(5, 8)),
        phrase=draw(st.integers(5, 7)),
        template=draw(st.integers(1, 3)),
        answer_share=draw(st.sampled_from([0.3, 0.5, 1.0])),
    )
    return known, " ".join(pieces), config


@settings(max_examples=200)
@given(cases())
@example(([Item("one", "0", ["ab 7", "cd", "a"])], "ab 7 a cd b a", Config(ngram=5)))
def test_hits_are_those_of_the_plain_rules(case):
    known, text, config = case
    hits = find_hits(["", text], known, config)
    text = " ".join(text.split())
    assert {(hit.benchmark, hit.item) for hit in hits} == decontamination_rules.found(text, known, config)
    assert all(hit.text == 1 and hit.ngram in text and 0 < hit.share <= 1 for hit in hits)


def test_texts_in_one_call_don_t_touch_each_other():
    item = Item("one", "0", ["ab cd ef gh ij kl ab cd ef gh ij kl mn"])
    halves = ["ab cd ef gh ij kl", "ab cd ef gh ij kl mn"]
    assert find_hits(halves, [item]) == []
    assert len(find_hits([" ".join(halves)], [item])) == 1
