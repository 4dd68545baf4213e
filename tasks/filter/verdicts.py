"""Node filter: a verdict on every document from its signals; the kept go on with their language filled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import StageError
from tasks.filter.config import Config
from tasks.filter.profiles import resolve
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
PACKAGES: tuple[str, ...] = ()
INPUTS = ("filter-edits/documents", "filter-signals/signals", "filter-hosts/hosts")
STORY = "tasks.filter.story"


def partition(config: Any, inputs: Inputs) -> list[Shard]:
    """One shard for each file of documents, with the signals and, under a cap, the hosts of the same key."""
    signals = {item.key: item for item in inputs["filter-signals/signals"]}
    hosts = {item.key: item for item in inputs["filter-hosts/hosts"]} if config.url.caps else {}
    identity = config.identity()
    return [
        Shard(
            key=item.key,
            config=identity,
            inputs={"documents": [item], "signals": [signals[item.key]]}
            | ({"hosts": [hosts[item.key]]} if hosts else {}),
        )
        for item in inputs["filter-edits/documents"]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet (the kept ones) and ledger.parquet (a row for every one, sorted by id)."""
    import pyarrow.compute as pc

    from tasks.document import DOCUMENTS, TableWriter, ledger_writer

    config = Config.model_validate(dict(shard.config))
    parts: list[Metrics] = []
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as kept,
        ledger_writer(out / "ledger.parquet") as ledger,
    ):
        for documents, signals in _paired(shard):
            verdicts = judge_kinds(documents, signals, config)
            mask = pc.equal(verdicts["verdict"], "kept").combine_chunks()
            kept.write_table(_with_language(documents, signals).filter(mask))
            ledger.write_table(_ledger(documents.column("id"), verdicts))
            parts.append(_metrics(documents, signals, verdicts))
    return ShardResult(metrics=merge_metrics(parts))


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    """The funnel; raises StageError if nothing is kept."""
    metrics = merge_metrics([_metrics_of_nothing(), *(result.metrics for result in results)])
    if not metrics["documents_out"]:
        raise StageError(_kept_nothing(metrics, shards))
    return metrics


def _paired(shard: Shard) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Batches of documents and of their signals (and hosts), row by row the same documents."""
    from tasks.document import DOCUMENTS, read_batches

    path = shard.inputs["signals"][0].path
    signals = _Rows(read_batches([path], rows=1024))
    hosts = [_Rows(read_batches([file.path], rows=1024)) for file in shard.inputs.get("hosts", ())]
    for documents in read_batches([shard.inputs["documents"][0].path], DOCUMENTS.names, rows=256):
        if not documents.num_rows:
            continue
        found = signals.take(documents.num_rows)
        places = [rows.take(documents.num_rows) for rows in hosts]
        if not all(part.column("id").equals(documents.column("id")) for part in (found, *places)):
            raise StageError(
                f"{path} doesn't hold the signals of the documents {shard.key}: force filter-signals."
            )
        for part in places:
            for name in ("host_rank", "host_share"):
                found = found.append_column(name, part.column(name))
        yield documents, found


class _Rows:
    """Takes any number of rows from a stream of batches."""

    def __init__(self, batches: Iterator[pa.RecordBatch]):
        self._batches = batches
        self._rest: list[pa.RecordBatch] = []

    def take(self, rows: int) -> pa.RecordBatch:
        """The next rows; fewer where the stream ends."""
        import pyarrow as pa

        held = sum(batch.num_rows for batch in self._rest)
        while held < rows and (batch := next(self._batches, None)) is not None:
            self._rest.append(batch)
            held += batch.num_rows
        if not self._rest:
            raise StageError("Fewer signals than documents: force filter-signals.")
        joined = pa.concat_batches(self._rest)
        self._rest = [joined.slice(rows)] if joined.num_rows > rows else []
        return joined.slice(0, rows)


def judge_kinds(documents: pa.RecordBatch, signals: pa.RecordBatch, config: Any) -> pa.Table:
    """Verdicts in the documents' order, each kind by its own profile."""
    import numpy as np
    import pyarrow as pa

    from tasks.filter.judging import judge

    kinds = np.array(documents.column("kind").to_pylist(), dtype=object)
    parts, places = [], []
    for kind in sorted(set(kinds)):
        rows = np.nonzero(kinds == kind)[0]
        if kind not in config.kinds:
            raise StageError(f"Documents of kind {kind!r} have no filter profile: name one in filter.kinds.")
        parts.append(judge(signals.take(pa.array(rows)), config.kinds[kind], config))
        places.append(rows)
    order = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks()


def _with_language(documents: pa.RecordBatch, signals: pa.RecordBatch) -> pa.RecordBatch:
    from tasks.document import DOCUMENTS

    for name in ("language", "language_score"):
        field = DOCUMENTS.field(name)
        found = signals.column(name).cast(field.type)
        documents = documents.set_column(DOCUMENTS.names.index(name), field, found)
    return documents


def _ledger(ids: pa.Array, verdicts: pa.Table) -> pa.Table:
    import pyarrow as pa

    from tasks.document import LEDGER

    columns = {"id": ids} | {name: verdicts[name] for name in verdicts.column_names}
    return pa.table(
        [columns.get(field.name, pa.nulls(len(ids), field.type)) for field in LEDGER], schema=LEDGER
    )


def _metrics_of_nothing() -> Metrics:
    return {"documents_in": 0, "documents_out": 0, "bytes_in": 0, "bytes_out": 0, "dropped": {}, "failed": {}}


def _metrics(documents: pa.RecordBatch, signals: pa.RecordBatch, verdicts: pa.Table) -> Metrics:
    """The funnel's keys; `languages` of the kept; `failed`: how many documents fail a rule, first or not."""
    import pyarrow.compute as pc

    found = _metrics_of_nothing() | {"languages": {}}
    sizes = pc.fill_null(pc.binary_length(documents.column("text")), 0).to_pylist()
    languages = signals.column("language").to_pylist()
    rows = zip(
        sizes, languages, verdicts["rule"].to_pylist(), verdicts["failed_rules"].to_pylist(), strict=True
    )
    for size, language, rule, failed in rows:
        found["documents_in"] += 1
        found["bytes_in"] += size
        if rule is None:
            found["documents_out"] += 1
            found["bytes_out"] += size
            _count(found["languages"], language or "unknown", size)
        else:
            _count(found["dropped"], rule, size)
        for name in failed:
            found["failed"][name] = found["failed"].get(name, 0) + 1
    return found


def _count(counts: dict[str, dict[str, int]], name: str, size: int) -> None:
    entry = counts.setdefault(name, {"documents": 0, "bytes": 0})
    entry["documents"] += 1
    entry["bytes"] += size


def _thresholds(values: Any, family: str, key: str) -> list[str]:
    """A threshold in the profiles that are in use, where they have it; else in the family's section."""
    config: Any = Config.model_validate(dict(values))
    used = [name for name in dict.fromkeys(config.kinds.values()) if family in config.profiles[name]]
    found = [getattr(getattr(resolve(config, name), family), key) for name in used]
    return list(dict.fromkeys(map(str, found or [values[family][key]])))


def _kept_nothing(metrics: Metrics, shards: list[Shard]) -> str:
    if not metrics["dropped"]:
        return "filter got no documents: look at what ingest lost, and why, in its ledger."
    ranking = sorted(metrics["dropped"].items(), key=lambda item: (-item[1]["documents"], item[0]))
    rule, worst = ranking[0]
    key = "language.min_score" if rule == "language" else rule
    family, _, name = key.partition(".")
    value = " or ".join(_thresholds(shards[0].config, family, name))
    others = "".join(f", {other} {count['documents']}" for other, count in ranking[1:4])
    also = " and filter.language.languages" if rule == "language" else ""
    return (
        f"filter kept none of {metrics['documents_in']} documents. The rule that dropped most is {rule}: "
        f"{worst['documents']} documents, {worst['bytes']} bytes{others}. "
        f"Change filter.{key} (now {value}; null turns it off){also}, or the families in filter.profiles."
    )
