"""A run's filter, replayed: other thresholds held against the signals in the store. No text is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from tasks.errors import StageError
from tasks.filter import verdicts
from tasks.story import Node, Run, mapping, numeric

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 16
DOCUMENT_COLUMNS = ["id", "url", "source", "kind"]


def documents_node(run: Run) -> Node | None:
    """The node whose documents the filter judges, where its artifact is there."""
    name = next(name for name in verdicts.INPUTS if name.endswith("/documents"))
    return run.node(name.split("/", 1)[0])


def first_with_signals(runs: Iterable[Run]) -> Run:
    """The first run whose documents and signals are in the store. Raises StageError if there is none."""
    for run in runs:
        if run.node("filter-signals") is not None and documents_node(run) is not None:
            return run
    raise StageError(
        "no run in the store has signals to replay the filter on: `smelt run --to filter` makes them"
    )


def filter_config(run: Run) -> Any:
    """The thresholds of a run's filter, as it ran or, if it didn't get there, as it would have.

    Raises StageError where they were written by another version.
    """
    node, config = run.nodes.get("filter"), verdicts.Config
    told: Mapping[str, Any] = node.config if node is not None else {}
    if not told:
        section = mapping(mapping(run.record.get("settings")).get("filter"))
        told = {name: section[name] for name in config.model_fields if name in section}
    try:
        return config.model_validate(told)
    except ValidationError as error:
        raise StageError(
            f"the filter of run {run.id} was configured for another version of smelt ({error.error_count()} keys "
            f"differ): `smelt run --to filter` judges anew"
        ) from None


@dataclass(frozen=True)
class Batch:
    """Documents (id, url, source, kind) and their signals, row by row the same: from row `start` of file `path` on."""

    documents: pa.RecordBatch
    signals: pa.RecordBatch
    path: Path
    start: int


def signal_batches(run: Run, *, most_rows: int | None = None) -> Iterator[Batch]:
    """What the filter of a run was given, without the texts, in the order of shards.

    Memory is bounded by the signals of one shard. most_rows: only so many shards, evenly spread, that about so many
    documents are read. Raises StageError where documents and signals don't belong together.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    documents, signals = documents_node(run), run.node("filter-signals")
    if documents is None or signals is None:
        raise StageError(f"run {run.id} has no signals: `smelt run --to filter` makes them")
    theirs = {path.name: path for path in signals.files("signals")}
    sides = [{path.name: path for path in files} for files in _side_files(run)]
    counted = numeric(signals.metrics.get("documents_out")) or 0
    step = max(1, -(-int(counted) // most_rows)) if most_rows else 1
    for path in documents.files("documents")[::step]:
        try:
            known = pq.read_table(path, columns=DOCUMENT_COLUMNS)
            measured = pq.read_table(theirs[path.name])
            more = [pq.read_table(files[path.name]) for files in sides if path.name in files]
        except (OSError, KeyError, pa.ArrowException) as error:
            raise StageError(
                f"the signals of {path.name} can't be read ({error}): `smelt verify` says more"
            ) from None
        if not all(table["id"].equals(known["id"]) for table in (measured, *more)):
            raise StageError(f"the signals of {path.name} are those of other documents: force filter-signals")
        for table in more:
            for name in table.column_names[1:]:
                measured = measured.append_column(name, table[name])
        if "bytes" not in measured.column_names:
            raise StageError(
                f"the signals of run {run.id} were measured by an earlier version: `smelt run --to filter`"
            )
        for start in range(0, known.num_rows, ROWS):
            yield Batch(_batch(known, start), _batch(measured, start), path, start)


def _side_files(run: Run) -> Iterator[list[Path]]:
    """The files of what else the filter reads, row by row as the documents: more columns of signals."""
    for name in verdicts.INPUTS:
        source, output = name.split("/", 1)
        node = run.node(source)
        if output not in ("documents", "signals") and node is not None:
            yield node.files(output)


def _batch(table: pa.Table, start: int) -> pa.RecordBatch:
    return table.slice(start, ROWS).combine_chunks().to_batches()[0]
