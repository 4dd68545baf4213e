"""Benchmark items are found however they are wrapped; what only resembles them is not."""

import html
import textwrap

import pytest

from tasks.benchmarks.benchmark import Item
from tasks.decontaminate import Config, find_hits

SUM = Item(
    "sums",
    "test/0",
    [
        "A baker fills nine trays with eleven rolls each and sells all but seven of them before noon. "
        "How many rolls are left?",
        "9 * 11 = 99 rolls. 99 - 92 = 7. #### 7",
    ],
)
RIVERS = Item(
    "quiz", "rivers/3", ["Which river flows past Vienna?", "The Elbe", "The Danube", "The Po", "The Rhine"]
)
SHORT = Item("quiz", "plants/1", ["Which pigment makes the leaves of plants green?", "Haem", "Chlorophyll"])
ITEMS = [SUM, RIVERS, SHORT]
AROUND = "Some paragraph that has nothing to do with it. " * 20


def found(text: str, items: list[Item] = ITEMS, **settings: int) -> list[tuple[str, str]]:
    return [(hit.benchmark, hit.item) for hit in find_hits([text], items, Config(**settings))]


def shown(item: Item) -> str:
    return (
        item.texts[0]
        + "\n"
        + "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", item.texts[1:], strict=False))
    )


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.item)
@pytest.mark.parametrize(
    "disguise",
    [
        str,
        str.upper,
        html.escape,
        lambda text: textwrap.fill(text, 20),
        lambda text: text.replace(" ", " &nbsp; ").replace("'", "&#8217;"),
        lambda text: f"{AROUND}{text}\n{AROUND}",
    ],
    ids=["verbatim", "upper case", "escaped", "re-wrapped", "entities", "embedded"],
)
def test_an_item_is_found_in_every_disguise(item: Item, disguise):
    assert found(disguise(shown(item))) == [(item.benchmark, item.item)]


def test_a_long_question_is_found_by_thirteen_of_its_words():
    words = SUM.texts[0].split()
    assert found(" ".join(["Well,", *words[2:15], "indeed"])) == [("sums", "test/0")]
    assert found(" ".join(["Well,", *words[2:14], "indeed"])) == []


def test_answers_and_choices_alone_are_no_evidence():
    assert found(SUM.texts[1]) == []
    assert found("The Elbe, the Danube, the Po and the Rhine are rivers.") == []


def test_a_question_of_eight_words_is_found_by_itself_and_a_shorter_one_only_with_its_choices():
    assert found("Tell me: which pigment makes the leaves of plants green?") == [("quiz", "plants/1")]
    assert found("Which river flows past Vienna? A walk along the Danube will tell.") == []


def test_the_choices_must_follow_the_question_closely():
    assert found(RIVERS.texts[0] + AROUND + " ".join(RIVERS.texts[1:])) == []


def test_a_hit_names_the_words_and_the_share_of_the_question():
    (hit,) = find_hits(["", shown(SUM)], ITEMS)
    assert (hit.text, hit.share, hit.count) == (1, 1.0, 11)
    assert hit.ngram == "a baker fills nine trays with eleven rolls each and sells all but"


def test_number_sequences_tell_no_question():
    item = Item(
        "code",
        "0",
        ["Sort these: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 with as few swaps as you can"],
    )
    assert found("line 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 of the table", [item]) == []
    assert found(item.texts[0], [item]) == [("code", "0")]


def test_what_many_items_share_is_their_template_and_names_none_of_them():
    opening = "In which of these two little stories does the person who speaks do something that is wrong?"
    items = [
        Item(
            "morals",
            str(n),
            [
                f"{opening} I {verb} a cake that my neighbour had left on the table for her "
                f"guests, and did not tell a soul about it",
                "Yes",
                "No",
            ],
        )
        for n, verb in enumerate(["ate", "sold", "hid", "gave", "drew"])
    ]
    assert len(found(opening, items)) == 5
    assert found(opening, items, template=4) == []
    assert found(items[2].texts[0], items, template=4) == [("morals", "2")]


def test_items_without_texts_or_too_short_ones_are_not_looked_for():
    items = [
        Item("odd", "0", []),
        Item("odd", "1", [""]),
        Item("odd", "2", ["?!"]),
        Item("odd", "3", ["1 + 1", "2"]),
    ]
    assert found("1 + 1 = 2 ?!", items) == []


def test_no_items_and_no_texts_give_no_hits():
    assert find_hits(["a text"], []) == []
    assert find_hits([], ITEMS) == []
