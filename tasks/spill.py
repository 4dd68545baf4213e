"""Sorting more rows than memory should hold: sorted runs in a file of their own, merged at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

MERGE_ROWS = 2048  # of each run that are in memory while runs are merged


class SortedRuns:
    """Rows sorted by a column without nulls; rows of equal keys stay in the order in which they came.

    The runs lie in one file in `folder` that has no name there for long, so a crash leaves nothing behind.
    """

    def __init__(self, folder: Path, schema: pa.Schema, key: str):
        self._key = key
        self._file = tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".runs")  # noqa: SIM115 - close()
        self._writer = pa.ipc.new_file(
            self._file.name, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
        )
        self._batches = 0
        self._runs: list[range] = []

    def add(self, rows: pa.Table) -> None:
        """One run: what is to be sorted together in memory."""
        batches = rows.sort_by(self._key).combine_chunks().to_batches(max_chunksize=MERGE_ROWS)
        for batch in batches:
            self._writer.write_batch(batch)
        self._runs.append(range(self._batches, self._batches + len(batches)))
        self._batches += len(batches)

    def merged(self) -> Iterator[pa.Table]:
        """All rows in order, in tables of a few thousand. Ends the writing, and removes the file."""
        self._writer.close()
        with pa.OSFile(self._file.name) as source:
            self._file.close()
            stored = pa.ipc.open_file(source)
            runs = [_Run(stored, numbers, self._key) for numbers in self._runs if numbers]
            while runs:
                # Every row up to the smallest of the keys that a run breaks off at is in memory.
                ends = [run.last for run in runs if run.more]
                parts = [run.below(min(ends)) if ends else run.held for run in runs]
                if rows := pa.concat_tables(parts):
                    yield rows.sort_by(self._key)
                if not ends:
                    return
                runs = [run for run in runs if run.more or run.held.num_rows]

    def close(self) -> None:
        """Removes the file, where `merged` hasn't."""
        self._writer.close()
        self._file.close()


class _Run:
    """A run that is read batch by batch. held: its rows that are in memory; more: whether others follow."""

    def __init__(self, stored: pa.ipc.RecordBatchFileReader, numbers: range, key: str):
        self._stored, self._key = stored, key
        self._numbers = list(reversed(numbers))
        self.held = stored.schema.empty_table()
        self._load()

    @property
    def more(self) -> bool:
        return bool(self._numbers)

    @property
    def last(self) -> str:
        return self.held[self._key][-1].as_py()

    def _load(self) -> None:
        batch = pa.Table.from_batches([self._stored.get_batch(self._numbers.pop())])
        self.held = pa.concat_tables([self.held, batch])

    def below(self, end: str) -> pa.Table:
        """Takes away the rows before `end`, and loads the next ones if it breaks off there."""
        count = pc.sum(pc.less(self.held[self._key], end)).as_py() or 0
        taken, self.held = self.held.slice(0, count), self.held.slice(count)
        while self.more and self.last <= end:
            self._load()
        return taken
