"""Why documents are dropped, with overlaps: which rules fail first, at all, alone, and together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Overlap:
    """Counts of documents by the rules that they fail.

    first: by the rule that names the reason. failed: by every rule that they fail. alone: dropped by this rule and no
    other, which is what turning it off would let through. pairs: by two rules that fail together, names sorted.
    """

    documents: int = 0
    dropped: int = 0
    first: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, failed_rules: pa.ListArray | pa.ChunkedArray) -> None:
        """Counts the column `failed_rules` of a ledger or of verdicts: for each document its rules, in order."""
        import numpy as np
        import pyarrow as pa

        lists = failed_rules.combine_chunks() if isinstance(failed_rules, pa.ChunkedArray) else failed_rules
        lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(len(lists)), lengths)
        found = lists.flatten().dictionary_encode()
        names = [str(name) for name in found.dictionary.to_pylist()]
        matrix = np.zeros((len(lists), len(names)), dtype=np.int64)  # document by rule
        codes = found.indices.to_numpy(zero_copy_only=False)
        matrix[rows, codes] = 1
        starts = (np.cumsum(lengths) - lengths)[lengths > 0]
        self.documents += len(lists)
        self.dropped += int((lengths > 0).sum())
        single = matrix[matrix.sum(axis=1) == 1]
        together = matrix.T @ matrix
        for at, name in enumerate(names):
            _count(self.first, name, (codes[starts] == at).sum())
            _count(self.failed, name, together[at, at])
            _count(self.alone, name, single[:, at].sum())
        for one, other in combinations(range(len(names)), 2):
            low, high = sorted((names[one], names[other]))
            _count(self.pairs, (low, high), together[one, other])

    def ranked(self) -> list[str]:
        """The rules, those that drop most documents alone first, then by how many fail them."""
        return sorted(self.failed, key=lambda name: (-self.alone[name], -self.failed[name], name))

    def as_json(self, pairs: int = 10) -> dict[str, Any]:
        """Plain values; the most frequent pairs only."""
        return {
            "documents": self.documents,
            "dropped": self.dropped,
            "rules": {
                name: {"first": self.first[name], "failed": self.failed[name], "alone": self.alone[name]}
                for name in self.ranked()
            },
            "pairs": [
                {"rules": list(names), "documents": count} for names, count in self.common_pairs(pairs)
            ],
        }

    def common_pairs(self, most: int = 10) -> list[tuple[tuple[str, str], int]]:
        """The most frequent pairs, ties by name."""
        return sorted(self.pairs.items(), key=lambda item: (-item[1], item[0]))[:most]


def _count(counter: Counter[Any], name: Any, number: Any) -> None:
    if number:
        counter[name] += int(number)
