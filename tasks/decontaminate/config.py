"""How benchmark items are looked for, and what becomes of the documents that hold them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tasks import node
from tasks.benchmarks import Benchmark

SEARCH_KEYS = ("benchmarks", "ngram", "phrase", "template", "answer_share")


class Config(node.Config):
    """How benchmark items are looked for (`tasks.decontaminate.search` says by which rules).

    benchmarks: whose items; by default those that evaluate scores.
    ngram: a question of so many words or more is found by any n-gram of this length.
    phrase: a shorter question is found word for word, on its own from this length on.
    template: an n-gram in more items of one benchmark than this tells none of them apart, and doesn't count.
    answer_share: any other text of an item is found by this share of its n-grams.
    mode: what becomes of a document that holds an item: "drop" leaves it out, "cut" takes out what was found.
    cut_margin: characters on either side that go with it. min_piece: a piece of fewer characters goes, too.
    max_pieces: a document cut into more pieces is dropped, and so is one of which less than `min_share` of its bytes
    is left.
    self_test_items: so many items of each benchmark are injected to see whether they are found; 0 for none.
    min_recall: the stage fails when less than this share of a benchmark's is, in any of the disguises.
    """

    benchmarks: list[Benchmark] = Field(default=[])
    ngram: int = Field(default=13, ge=2)
    phrase: int = Field(default=6, ge=1)
    template: int = Field(default=8, ge=1)
    answer_share: float = Field(default=0.5, gt=0, le=1)
    mode: Literal["drop", "cut"] = "drop"
    cut_margin: int = Field(default=200, ge=0)
    min_piece: int = Field(default=200, ge=0)
    max_pieces: int = Field(default=10, ge=1)
    min_share: float = Field(default=0.5, ge=0, le=1)
    self_test_items: int = Field(default=64, ge=0)
    min_recall: float = Field(default=0.95, ge=0, le=1)

    def identity(self) -> dict[str, Any]:
        """Of a benchmark its name: how many examples or items of it are used makes no difference here."""
        return {**super().identity(), "benchmarks": [benchmark.name for benchmark in self.benchmarks]}
