"""The whole dedup stage on a table in memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tasks.dedup import candidates, matches, outcome, signatures, survivors
from tasks.dedup.clusters import COLUMNS, REMOVED, choose, gather, priorities, removal_columns, verifier
from tasks.dedup.minhash import signatures as signatures_of
from tasks.dedup.pairs import Codes, all_entries, candidate_pairs, repeated_ids, repeats, verify, word_codes
from tasks.dedup.verdicts import NEAR, ledger_rows
from tasks.text import Words


class Config(outcome.Config, survivors.Config, matches.Config, candidates.Config, signatures.Config):
    """The settings of the stage's five nodes."""


def deduplicate(documents: pa.Table, config: Config | None = None) -> tuple[list[str], pa.Table, pa.Table]:
    """Removes exact and near duplicates.

    documents: columns id and text, and source, date and quality (a score) where they are to decide who
    survives; sources that `config.sources` doesn't name are alike, for a table has no order of sources.
    Returns the ids that are kept, in the order given; the clusters of two documents and more (id, cluster,
    survivor, similarity); and the ledger, sorted by id. Raises StageError for ids that repeat.
    """
    config = config or Config()
    if config.paragraphs is not None:
        raise ValueError(
            "dedup.paragraphs edits texts, which are not among what is returned here; run the stage"
        )
    words: list[tuple[np.ndarray, np.ndarray]] = []

    def collect(folded: Words) -> None:
        words.append((word_codes(folded), np.diff(folded.texts)))

    table = signatures_of(documents, config.resolved(), collect)
    entries = all_entries(table)
    again, _ = repeats(*entries["ids"])
    if len(again):
        raise repeated_ids(set(table["id"].take(again).to_pylist()))
    pairs = candidate_pairs(*entries["bands"])
    codes = Codes.joined(words)
    ones, others = (np.stack([np.zeros_like(pairs[s]), pairs[s]], axis=1) for s in ("later", "earlier"))
    values = verify([codes], ones, others, config.ngram, config.threshold)
    reached = values >= 0
    if "quality" in documents.column_names:
        table = table.append_column("quality", documents["quality"])
    columns = [*COLUMNS, *(["quality"] if "quality" in table.column_names else [])]
    members, rows, text_rows = gather(
        np.stack(repeats(*entries["copies"]), axis=1),
        np.stack([ones[reached, 1], others[reached, 1]], axis=1),
        values[reached],
        pairs["sampled"][reached],
        lambda wanted: table.select(columns).take(wanted),
    )
    order = priorities(members.table, config.priority, config.sources)
    check = verifier(lambda row: codes.gather(np.array([row]))[0], text_rows, config.ngram, config.threshold)
    choice = choose(members, order, check)
    places = choice.removed[np.argsort(rows[choice.removed])]
    removed = [rows[places], *removal_columns(members.table, choice, places)]
    gone = pa.table(removed, names=REMOVED.names).cast(REMOVED)
    ledger = ledger_rows(table["id"], gone, {NEAR: config.threshold})
    kept = np.ones(table.num_rows, bool)
    kept[gone["row"].to_numpy()] = False
    return table["id"].filter(pa.array(kept)).to_pylist(), choice.rows(members.table), ledger.sort_by("id")
