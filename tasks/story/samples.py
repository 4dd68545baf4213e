"""What the report shows of documents and ledgers, read from a bounded sample of row groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.story.run import json_object

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_ROWS = 1_000_000
MOST_TEXT = 48 << 20  # bytes of text that are decoded at most per question
MOST_FILES = 1000
EXCERPT = 6000  # characters of a dropped document that are kept
PER_RULE, MOST_RULES = 3, 12  # dropped documents of a rule, and rules, that are shown
MOST_GROUPS, LEAST_ROWS = 16, 8192  # row groups that are read for them; documents that are to be among these


@dataclass(frozen=True)
class Groups:
    """Row groups of Parquet files: all of them, or an even sample that holds about `fraction` of them.

    rows: how many those are.
    """

    chosen: tuple[tuple[Path, int], ...]
    fraction: float
    rows: int

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The columns that exist, batch by batch."""
        import pyarrow.parquet as pq

        for path, group in groupby(self.chosen, itemgetter(0)):
            with pq.ParquetFile(path) as file:
                there = [name for name in columns if name in file.schema_arrow.names]
                if there:
                    numbers = [number for _, number in group]
                    yield from file.iter_batches(batch_size=16_384, row_groups=numbers, columns=there)


def row_groups(files: Sequence[Path], *, most_rows: int = MOST_ROWS, text: str | None = None) -> Groups:
    """The row groups of `files`, thinned out evenly to `most_rows` rows and MOST_TEXT of the column `text`.

    Files that can't be read are passed over.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    step = max(1, -(-len(files) // MOST_FILES))
    found: list[tuple[Path, int, int, int]] = []
    for path in files[::step]:
        try:
            metadata = pq.read_metadata(path)
        except (OSError, pa.ArrowException):
            continue
        column = metadata.schema.names.index(text) if text in metadata.schema.names else None
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            size = 0 if column is None else group.column(column).total_uncompressed_size
            found.append((path, number, group.num_rows, size))
    rows, size = sum(item[2] for item in found), sum(item[3] for item in found)
    keep = min(1.0, most_rows / max(rows, 1), MOST_TEXT / max(size, 1))
    chosen = [item for at, item in enumerate(found) if int((at + 1) * keep) > int(at * keep)] or found[:1]
    taken = sum(item[2] for item in chosen)
    return Groups(tuple((path, number) for path, number, _, _ in chosen), taken / max(rows, 1) / step, taken)


@dataclass
class Histogram:
    """Counts by bin, scaled up where only a sample was read."""

    bins: list[tuple[float, float, float]] = field(default_factory=list)
    fraction: float = 1.0
    median: float | None = None

    def __bool__(self) -> bool:
        return bool(self.bins)


def _histogram(values: np.ndarray, edges: np.ndarray, fraction: float) -> Histogram:
    import numpy as np

    if not len(values) or not fraction:
        return Histogram()
    counts, _ = np.histogram(values, edges)
    full = np.flatnonzero(counts)
    shown = range(full[0], full[-1] + 1) if len(full) else ()
    bins = [(float(edges[n]), float(edges[n + 1]), float(counts[n]) / fraction) for n in shown]
    return Histogram(bins, fraction, float(np.median(values)))


def column_histogram(files: Sequence[Path], column: str, edges: np.ndarray) -> Histogram:
    """How a numeric column is distributed over `edges`."""
    groups = row_groups(files)
    return _histogram(_finite(groups, column), edges, groups.fraction)


def column_values(files: Sequence[Path], column: str) -> np.ndarray:
    """The finite values of a numeric column, or of an even sample of its rows: float64."""
    return _finite(row_groups(files), column)


def _finite(groups: Groups, column: str) -> np.ndarray:
    import numpy as np

    parts = [
        np.asarray(batch.column(0).drop_null().to_numpy(zero_copy_only=False), dtype=np.float64)
        for batch in groups.read([column])
    ]
    values = np.concatenate(parts) if parts else np.empty(0)
    return values[np.isfinite(values)]


def length_histogram(files: Sequence[Path], per_decade: int = 8) -> Histogram:
    """How long documents are in UTF-8 bytes, in bins of equal width on a log scale.

    Read from the column `bytes` where a table has one (rows whose `length` is null are left out), else from
    the texts of a sample.
    """
    import numpy as np
    import pyarrow.compute as pc

    edges = 10.0 ** (np.arange(0, 10 * per_decade + 1) / per_decade)
    groups = row_groups(files, text="text")
    parts = []
    for batch in groups.read(["bytes", "text", "length"]):
        if "length" in batch.schema.names:  # a document without tokens was left out
            batch = batch.filter(pc.is_valid(batch.column("length")))
        known = "bytes" in batch.schema.names
        sizes = batch.column("bytes") if known else pc.binary_length(batch.column("text"))
        parts.append(np.asarray(sizes.drop_null().to_numpy(zero_copy_only=False), dtype=np.float64))
    values = np.concatenate(parts) if parts else np.empty(0)
    return _histogram(values[values > 0], edges, groups.fraction)


def count_by(
    files: Sequence[Path], keys: Sequence[str], sums: Sequence[str] = ()
) -> dict[tuple[Any, ...], Counter[str]]:
    """Rows and the sums of some columns by the values of `keys`; scaled up where only a sample was read."""
    import pyarrow as pa

    groups = row_groups(files)
    total: dict[tuple[Any, ...], Counter[str]] = {}
    for batch in groups.read([*keys, *sums]):
        if not set(keys) <= set(batch.schema.names):
            continue
        there = [name for name in sums if name in batch.schema.names]
        wanted: list[tuple[Any, str]] = [([], "count_all"), *((name, "sum") for name in there)]
        table = pa.Table.from_batches([batch]).group_by(list(keys)).aggregate(wanted)
        for row in table.to_pylist():
            counter = total.setdefault(tuple(row[key] for key in keys), Counter())
            counter["rows"] += row["count_all"]
            for name in there:
                counter[name] += row[f"{name}_sum"] or 0
    if groups.fraction < 1:
        for counter in total.values():
            for name in counter:
                counter[name] = round(counter[name] / groups.fraction)
    return total


@dataclass(frozen=True)
class Dropped:
    """A dropped document with the reason and the beginning of its text."""

    id: str
    rule: str
    score: float | None
    threshold: float | None
    matched_id: str | None
    similarity: float | None
    url: str | None  # where there is none, its path or title
    source: str | None
    text: str


def dropped_samples(ledger: Sequence[Path], documents: Sequence[Path]) -> dict[str, list[Dropped]]:
    """A few dropped documents of each rule: verdicts of the ledger, texts of what the stage was given.

    At most MOST_GROUPS row groups of documents are read, evenly spread, of small ones as many as hold LEAST_ROWS
    documents, up to 16 times as many; a rare rule may be missed. A first sweep takes one document of a rule from each
    group, so that no source shows alone; a second fills up.
    """
    all_groups = row_groups(documents)
    small = len(all_groups.chosen) * LEAST_ROWS // max(all_groups.rows, 1)
    most = max(MOST_GROUPS, min(small, 16 * MOST_GROUPS))
    groups = _in_turn(all_groups.chosen[:: max(1, -(-len(all_groups.chosen) // most))])
    found: dict[str, list[Dropped]] = {}
    for limit in (1, PER_RULE):
        for path, number in groups:
            if limit == 1 or any(len(items) < PER_RULE for items in found.values()):
                _sweep(ledger, path, number, found, limit)
    return found


def _in_turn(groups: Sequence[tuple[Path, int]]) -> list[tuple[Path, int]]:
    """The first group of each file, then the second of each, and so on."""
    ranked = [(rank, pair) for _, own in groupby(groups, itemgetter(0)) for rank, pair in enumerate(own)]
    return [pair for _, pair in sorted(ranked, key=itemgetter(0))]


def _sweep(
    ledger: Sequence[Path], path: Path, number: int, found: dict[str, list[Dropped]], limit: int
) -> None:
    """Adds the dropped documents of one row group, at most `limit` of a rule; one that can't be read adds none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            ids = file.read_row_group(number, columns=["id"]).column("id")
            verdicts = _pick(_verdicts(ledger, path, ids), found, limit)
            if verdicts:
                columns = ["id", "text", "url", "source", "metadata"]
                _collect(file.read_row_group(number, columns=columns), verdicts, found)
    except (OSError, pa.ArrowException, KeyError):
        return


def _verdicts(ledger: Sequence[Path], documents: Path, ids: pa.ChunkedArray) -> list[dict[str, Any]]:
    """The ledger's rows of dropped documents among `ids`; a ledger shard of the same name holds them all."""
    import pyarrow.dataset as ds

    near = [path for path in ledger if path.name == documents.name] or list(ledger)
    if not near:
        return []
    wanted = (ds.field("verdict") == "dropped") & ds.field("id").isin(ids.combine_chunks())
    columns = ["id", "rule", "score", "threshold", "matched_id", "similarity"]
    rows = ds.dataset(near, format="parquet").to_table(columns=columns, filter=wanted)
    return rows.sort_by("id").to_pylist()


def _pick(
    verdicts: list[dict[str, Any]], found: dict[str, list[Dropped]], limit: int
) -> dict[str, dict[str, Any]]:
    """Those that are still wanted, by id, at most `limit` of a rule."""
    have: Counter[str] = Counter({rule: len(items) for rule, items in found.items()})
    known = {item.id for items in found.values() for item in items}
    taken: Counter[str] = Counter()
    chosen = {}
    for row in verdicts:
        rule = str(row["rule"])
        wanted = taken[rule] < limit and have[rule] < PER_RULE and (rule in have or len(have) < MOST_RULES)
        if wanted and row["id"] not in known:
            have[rule] += 1
            taken[rule] += 1
            chosen[row["id"]] = row
    return chosen


def _collect(rows: pa.Table, verdicts: dict[str, dict[str, Any]], found: dict[str, list[Dropped]]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for row in rows.filter(pc.is_in(rows["id"], value_set=pa.array(list(verdicts)))).to_pylist():
        if verdict := verdicts.pop(row["id"], None):
            text, url = (row["text"] or "")[:EXCERPT], row["url"] or title(row["metadata"])
            verdict["rule"] = str(verdict["rule"])
            item = Dropped(**verdict, url=url, source=row["source"], text=text)
            found.setdefault(item.rule, []).append(item)


def title(metadata: str | None) -> str | None:
    """What a document without a url is known by: its path in its repository, or its title."""
    known = json_object(metadata)
    return next((str(known[name]) for name in ("path", "title") if known.get(name)), None)
