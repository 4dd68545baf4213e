"""What is left of a cut text holds no item, and all else but a margin around them."""

import html

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.benchmarks.benchmark import Item
from tasks.decontaminate import Config
from tasks.decontaminate.cut import cut, locate
from tasks.decontaminate.index.items import index_items
from tasks.decontaminate.search import search

SUM = "A baker fills nine trays with eleven rolls each and sells all but seven of them before noon."
ITEMS = [
    Item("sums", "0", [SUM, "7"]),
    Item("quiz", "1", ["Which pigment makes leaves green?", "Haem", "Chlorophyll"]),
]
INDEX = index_items(ITEMS, Config())
CLEAN = "Nothing in this sentence was ever asked. "


def test_a_window_around_the_item_is_taken_out_at_the_borders_of_words():
    text = CLEAN * 20 + SUM + " " + CLEAN * 20
    left = cut(text, INDEX, Config(cut_margin=60))
    before, after = left.text.split("\n\n")
    assert left.windows == 1
    assert text.startswith(before + " ")
    assert text.rstrip().endswith(" " + after)
    assert 60 <= text.index(SUM) - len(before) <= 60 + 12
    assert len(SUM) + 120 <= len(text) - len(before) - len(after) <= len(SUM) + 120 + 24


def test_the_words_are_located_through_entities_tags_hyphens_and_line_numbers():
    for disguised in (
        html.escape(SUM).replace(" ", "&nbsp;&#8203;"),
        SUM.replace(" ", " <b>").replace(".", "</b>."),
        SUM.replace("eleven", "ele-\nven").replace("trays", "tra-\n> ys"),
        "\n".join(
            f"{n}. {line}"
            for n, line in enumerate(SUM.replace("and", "and\n").replace("nine", "nine\n").split("\n"), 7)
        ),
    ):
        text = f"Before it, words. {disguised} After it, words."
        [(start, end)] = locate(text, INDEX)
        assert text[:start] in ("Before it, words. ", "Before it, words. 7. ")
        assert text[end:].lstrip("</b>") == ". After it, words."


def test_windows_that_overlap_are_one_and_too_many_pieces_drop_the_document():
    near = CLEAN * 20 + f"{SUM} {CLEAN}{SUM} " + CLEAN * 20
    assert cut(near, INDEX, Config()).windows == 1
    far = (CLEAN * 40 + SUM + " ") * 3 + CLEAN * 40
    assert cut(far, INDEX, Config(max_pieces=4)).windows == 3
    assert cut(far, INDEX, Config(max_pieces=3)).text is None


def test_short_pieces_go_and_a_document_of_which_little_is_left_is_dropped():
    text = "A short beginning. " + SUM + " " + CLEAN * 20
    left = cut(text, INDEX, Config(cut_margin=0))
    assert left.text == (CLEAN * 20).strip()
    assert cut(text, INDEX, Config(cut_margin=0, min_share=0.95)).text is None
    assert cut(SUM, INDEX, Config(min_share=0)).text is None


def test_what_a_cut_brings_together_is_found_as_well():
    words = SUM.split()
    text = " ".join([*words[:9], SUM, *words[9:]])
    left = cut(text, INDEX, Config(cut_margin=0, min_piece=0, min_share=0))
    assert left.text is None or search([left.text], INDEX) == []


words = st.sampled_from(
    [*SUM.split(), "Which", "pigment", "makes", "leaves", "green?", "haem", "&amp;", "<p>", "x-\n"]
)
pieces = st.one_of(
    st.sampled_from([SUM, ITEMS[1].texts[0], CLEAN, CLEAN * 8, "\n3. ", "\n4. ", "漢字", "\u200b"]), words
)


@settings(max_examples=150)
@given(st.lists(pieces, max_size=40), st.integers(0, 80), st.integers(0, 60))
def test_a_cut_text_holds_no_item(parts: list[str], margin: int, least: int):
    text = " ".join(parts)
    config = Config(cut_margin=margin, min_piece=least, max_pieces=20, min_share=0)
    left = cut(text, INDEX, config)
    if left.text is not None:
        assert search([left.text], INDEX) == []
        assert left.windows or left.text == text
        assert left.windows or search([text], INDEX) == []
        assert set(left.text) <= set(text) | {"\n"}
