"""Calls of decontamination's kernels, which compile them."""

from __future__ import annotations

QUESTION = (
    "How many of the twelve brown eggs did the farmer's youngest daughter sell at the market on Sunday?"
)


def markup() -> None:
    """The scan for what hides words."""
    from tasks.decontaminate.scan import scan
    from tasks.decontaminate.views import plain
    from tasks.text import utf8_buffers

    scan(*utf8_buffers([QUESTION]))
    plain("<b>élan</b> &amp; so on")


def items() -> None:
    """The index of items and the search for them: a long question, and one that needs its answer."""
    from tasks.benchmarks import Item
    from tasks.decontaminate.config import Config
    from tasks.decontaminate.index import index_items, match_words
    from tasks.text import fold_texts

    found = [Item("a", "1", [QUESTION, "seven"]), Item("a", "2", ["Who sells eggs?", "the farmer", "nobody"])]
    match_words(fold_texts([QUESTION, "Who sells eggs? The farmer."]), index_items(found, Config()))
