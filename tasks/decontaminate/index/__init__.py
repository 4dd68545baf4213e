"""The index of benchmark items."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.decontaminate.index.items import ItemIndex, index_items
    from tasks.decontaminate.index.matching import Match, match_spans, match_words
else:
    __getattr__ = hand_on(__name__)
