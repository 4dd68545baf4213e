"""Takes what holds benchmark items out of a text and leaves the rest.

The rule is GPT-3's (Brown et al., 2020, appendix C): a window of 200 characters on either side of what was found is
removed, pieces shorter than 200 characters are dropped, and so are documents in more than 10 pieces. A document of
which too little is left is dropped as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tasks.decontaminate.config import Config
from tasks.decontaminate.index import ItemIndex, match_spans
from tasks.decontaminate.views import View, merged, plain_view, unwrapped_views
from tasks.text import fold_texts, folded_character

BETWEEN = "\n\n"  # stands where a window was
_PIECE = 512  # characters in which single words are told apart at a time
_REACH = 100  # characters in which the border of a word is looked for
_SPACE = re.compile(r"\s")
_LAST_SPACE = re.compile(r"\s\S*$")

_fold = lru_cache(maxsize=4096)(folded_character)


@dataclass(frozen=True)
class Cut:
    """text: what is left, in which no item is found; None: the document is to be dropped. windows: how many were taken
    out."""

    text: str | None
    windows: int


def cut(text: str, index: ItemIndex, config: Config) -> Cut:
    """The text without its items. What stands on both sides of a window may make an item of its own, so what is left
    is searched again until nothing is found."""
    size = len(text.encode("utf-8", "surrogatepass"))
    windows = 0
    left = text
    while spans := locate(left, index):
        taken = _windows(left, spans, config.cut_margin)
        windows += len(taken)
        borders = [0, *(at for window in taken for at in window), len(left)]
        pieces = [left[start:end].strip() for start, end in zip(borders[::2], borders[1::2], strict=True)]
        left = BETWEEN.join(piece for piece in pieces if piece and len(piece) >= config.min_piece)
        kept = len(left.encode("utf-8", "surrogatepass"))
        if windows >= config.max_pieces or not left or kept < config.min_share * size:
            return Cut(None, windows)
    return Cut(left, windows)


def locate(text: str, index: ItemIndex) -> list[tuple[int, int]]:
    """Where in a text items were found: spans of characters, ascending, none touching another."""
    spans = []
    for view in [plain_view(text), *unwrapped_views(text)]:
        runs = merged(match_spans(fold_texts([view.text]), index).tolist())
        spans += [(view.origin(start), view.origin(end)) for start, end in _characters(view, runs)]
    return merged(sorted(spans))


def _characters(view: View, runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of words (first, last + 1) as characters of the view."""
    if not runs:
        return
    pieces = list(_pieces(view.text))
    counts = np.diff(fold_texts([view.text[start:end] for start, end in pieces]).texts)
    firsts = np.concatenate([[0], np.cumsum(counts)])

    @lru_cache(maxsize=2)
    def words_of(piece: int) -> list[tuple[int, int]]:
        return list(_words(view.text, *pieces[piece]))

    def place(word: int) -> tuple[int, int]:
        piece = int(np.searchsorted(firsts, word, side="right")) - 1
        return words_of(piece)[word - int(firsts[piece])]

    for first, last in runs:
        yield place(first)[0], place(last - 1)[1]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The text in pieces that end at white space, where no word goes on."""
    start = 0
    while start < len(text):
        found = _SPACE.search(text, start + _PIECE)
        end = found.start() if found else len(text)
        yield start, end
        start = end


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The characters of each folded word between two borders."""
    first = last = -1
    for at in range(start, end):
        for part in _fold(text[at]):
            if part != " ":
                first, last = (at if first < 0 else first), at + 1
            elif first >= 0:
                yield first, last
                first = -1
    if first >= 0:
        yield first, last


def _windows(text: str, spans: Sequence[tuple[int, int]], margin: int) -> list[tuple[int, int]]:
    """The spans with a margin of characters, and on to where words begin and end; those that meet as one."""
    found = []
    for start, end in spans:
        start, end = max(start - margin, 0), min(end + margin, len(text))
        before = _LAST_SPACE.search(text[max(start - _REACH, 0) : start])
        after = _SPACE.search(text, end, end + _REACH)
        if before and not text[start : start + 1].isspace():
            start = max(start - _REACH, 0) + before.start() + 1
        found.append((start, after.start() if after else min(end, len(text))))
    return merged(found)
