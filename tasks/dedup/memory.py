"""The whole dedup stage on a table in memory."""

from __future__ import annotations

import pyarrow as pa

from tasks.dedup import matches, signatures, survivors
from tasks.dedup.clusters import choose, priorities
from tasks.dedup.index import SIGNATURES, load
from tasks.dedup.index import signatures as signatures_of
from tasks.dedup.outcome import Verdicts
from tasks.dedup.pairs import find_pairs
from tasks.document import LEDGER


class Config(survivors.Config, matches.Config, signatures.Config):
    """The settings of the stage's three nodes."""


def deduplicate(documents: pa.Table, config: Config | None = None) -> tuple[list[str], pa.Table, pa.Table]:
    """Removes exact and near duplicates.

    documents: columns id and text, and source and date where they are to decide who survives. Returns the ids
    that are kept, in the order given; the clusters of two documents and more (id, cluster, survivor,
    similarity); and the ledger, sorted by id. Raises StageError for ids that repeat.
    """
    config = config or Config()
    index = load([signatures_of(documents, config)], SIGNATURES.names)

    def texts() -> list[pa.Table]:
        return [documents.select(["text"]).combine_chunks()]

    pairs = find_pairs(index, texts, config.ngram, config.threshold)
    order = priorities(index.signatures, config.priority, config.sources)
    choice = choose(index, pairs, order, texts, config.ngram, config.threshold)
    verdicts = Verdicts(index, choice, config.threshold)
    rows = list(verdicts.rows(documents["id"], 0))
    kept = [row["id"] for row in rows if row["verdict"] == "kept"]
    return kept, choice.table(index), pa.Table.from_pylist(rows, LEDGER).sort_by("id")
