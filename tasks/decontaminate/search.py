"""Which texts hold which benchmark items.

Words are folded on both sides (`tasks.text.words`) after HTML entities are decoded and tags taken out, so that
case, punctuation, diacritics, markup and the wrapping of lines hide nothing; items are also looked for with their
punctuation deleted (`tasks.decontaminate.index.items.spellings`), texts also without line numbers and hyphens at line
ends (`tasks.decontaminate.views`).

- question: of a question or prompt of `ngram` words (13) or more, any run of 13 of its words (the rule of GPT-3,
  Brown et al., 2020, appendix C). Runs that more than `template` items of the benchmark have are its template, and
  don't count. Nor do runs of fewer than 5 different words of two letters and more: number sequences, formulas.
- answer: of any other text of the item (a choice, a worked answer, a solution, its tests) at least `answer_share`
  of its runs of 13 words. One such run is no evidence: programs and textbooks share phrases.
- phrase: of a question without such a run, all of it word for word, if it has `phrase` words (6) or more, 5 of them
  different, and at most 2 items of the benchmark have it. Any other question needs, within a window of twice the
  item's words and 32 more, each of its other texts word for word; or after at most 4 words one that makes 8 words
  with it, 5 of them different. Where all texts
  together are fewer than 16 letters, the choices must follow in their order, with their letters between them, or
  directly if these are 10 letters without the spaces. Where there are no other texts, the item is not looked for,
  and counted as unsearchable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tasks.benchmarks import Item
from tasks.decontaminate.config import Config
from tasks.decontaminate.index import ItemIndex, Match, index_items, match_words
from tasks.decontaminate.scan import scan
from tasks.decontaminate.views import plain, unwrapped
from tasks.text import Texts, fold_batches, utf8_buffers


@dataclass(frozen=True)
class Hit:
    """A text that holds an item.

    text: its number. benchmark, item: the item's names. ngram: the words that were found first, folded.
    count, share: how many n-grams of the item's question, or of the text of the item that is found most completely,
    are in the text, of all that count; 1 and 1.0 for a phrase. rule: question, answer or phrase.
    """

    text: int
    benchmark: str
    item: str
    ngram: str
    count: int
    share: float
    rule: str


def find_hits(texts: Texts, benchmark_items: Iterable[Item], config: Config | None = None) -> list[Hit]:
    """The hits of each text, in the texts' order, then the items'."""
    return search(texts, index_items(list(benchmark_items), config or Config()))


def search(texts: Texts, index: ItemIndex) -> list[Hit]:
    """The same for items that are indexed already."""
    found: dict[tuple[int, int], Match] = {}
    for owners, views in _views(texts):
        done = 0
        for words in fold_batches(views):
            for (text, item), match in match_words(words, index).items():
                key = owners[done + text], item
                found[key] = max(found.get(key, match), match, key=Match.strength)
            done += len(words)
    hits = []
    for (text, number), match in sorted(found.items(), key=lambda entry: entry[0]):
        known = index.items[number]
        hits.append(Hit(text, known.benchmark, known.item, match.ngram, match.count, match.share, match.rule))
    return hits


def _views(texts: Texts) -> Iterator[tuple[list[int], Sequence[str] | pa.Array]]:
    """The texts as they are searched, and whose views these are: first those that need nothing done."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    data, offsets = utf8_buffers(texts)
    markup, parts = scan(data, offsets)
    marked = np.flatnonzero(markup).tolist()
    if not marked:
        yield list(range(len(texts))), texts
    elif len(marked) < len(texts):
        clean = np.flatnonzero(~markup).tolist()
        yield clean, texts.take(pa.array(clean)) if isinstance(texts, pa.Array) else [texts[i] for i in clean]
    owners = list(marked)
    views = [plain(texts[i].as_py() if isinstance(texts, pa.Array) else texts[i]) for i in marked]
    for number, start, end in parts.tolist():
        found = unwrapped(data[start:end].tobytes().decode("utf-8", "surrogatepass"))
        owners += [number] * len(found)
        views += found
    if views:
        yield owners, views
