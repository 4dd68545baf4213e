"""Finds the paragraphs that an earlier document has, a range of hashes at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.dedup.clusters import REMOVED
from tasks.dedup.pairs import changes, read_part
from tasks.dedup.paragraphs.option import RULE
from tasks.dedup.paragraphs.split import PASSAGE
from tasks.document import TableWriter
from tasks.node import Input, Metrics, Shard

# What goes out of a document, by its row in the file; ascending.
CUT = np.dtype([("row", "<u4"), ("start", "<u8"), ("end", "<u8")])
_FOUND = np.dtype([("document", "<i8"), *((name, CUT[name]) for name in ("start", "end"))])


@dataclass(frozen=True)
class Documents:
    """All documents, file by file: ids; words and bytes of text (int64); rank, each one's place in the order that
    says which is earlier (int64, each number once); offsets, where each file's begin (int64, files + 1)."""

    ids: pa.ChunkedArray
    words: np.ndarray
    length: np.ndarray
    rank: np.ndarray
    offsets: np.ndarray


def read_documents(signatures: Sequence[Input], sources: Sequence[str]) -> Documents:
    """From files of signatures. Sources that aren't named follow in the order of files, which is ingest's."""
    columns = ["id", "source", "words", "length"]
    tables = [pq.read_table(file.path, columns=columns) for file in signatures]
    table = pa.concat_tables(tables)
    names = dict.fromkeys([*sources, *pc.unique(table["source"]).drop_null().to_pylist()])
    places = pc.index_in(table["source"], pa.array(list(names), pa.string())).fill_null(len(names))
    keys = pa.table({"place": places, "id": table["id"]})
    order = pc.sort_indices(keys, [("place", "ascending"), ("id", "ascending")]).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    offsets = np.cumsum([0, *(part.num_rows for part in tables)]).astype(np.int64)
    return Documents(table["id"], table["words"].to_numpy(), table["length"].to_numpy(), rank, offsets)


def write_repeats(shard: Shard, out: Path) -> Metrics:
    """Writes cuts/*.npy and drops/*.parquet; returns the metrics."""
    files = shard.inputs["passages"]
    documents = read_documents(shard.inputs["signatures"], shard.config["sources"])
    paths = [file.path for file in files]
    size = sum(Path(path).stat().st_size for path in paths)
    parts = max(1, -(-size // shard.runtime["partition_bytes"]))
    losses = Losses(documents)
    for found in _parts(paths, documents.offsets, parts):
        losses.add(found, *repeated(found, documents.rank))
    dropped = losses.dropped(shard.config["max_cut"])
    for name in ("cuts", "drops"):
        (out / name).mkdir()
    with tempfile.TemporaryDirectory(dir=out) as name:
        scratch = []
        for number, found in enumerate(_parts(paths, documents.offsets, parts)):
            path = Path(name) / f"{number}.npy"
            np.save(path, cuts(found[~dropped[found["document"]]], documents.rank))
            scratch.append(np.load(path, mmap_mode="r"))
        for n in range(len(files)):
            np.save(out / "cuts" / f"{n:06d}.npy", _of_file(scratch, *documents.offsets[n : n + 2]))
        del scratch
    _write_drops(out / "drops", documents, losses, np.flatnonzero(dropped))
    return {
        "documents_in": len(documents.rank),
        "documents_out": len(documents.rank) - int(dropped.sum()),
        "repeats": losses.repeats,
        "documents": int((losses.bytes > 0).sum()),
    }


def _parts(paths: Sequence[str], offsets: np.ndarray, parts: int) -> Iterator[np.ndarray]:
    """The passages of all files by range of hashes: `PASSAGE` with `document` in place of `row`."""
    kind = [("document", "<i8"), *((name, PASSAGE[name]) for name in PASSAGE.names or () if name != "row")]
    for part in range(parts):
        read = [read_part(path, part, parts) for path in paths]
        found = np.empty(sum(map(len, read)), kind)
        end = 0
        for n, passages in enumerate(read):
            here = found[end : (end := end + len(passages))]
            for name, _ in kind[1:]:
                here[name] = passages[name]
            here["document"] = passages["row"] + offsets[n]
        yield found


def repeated(found: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which passages stand in an earlier document (their places, int64), and the earliest document of each."""
    ranks = rank[found["document"]]
    order = np.lexsort((ranks, found["text"], found["key"]))
    keys, texts, documents = (found[name][order] for name in ("key", "text", "document"))
    starts = changes(keys, texts)
    firsts = documents[starts][np.cumsum(starts) - 1] if len(order) else documents
    later = documents != firsts
    return order[later], firsts[later]


def cuts(found: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The passages that go, as `_FOUND`, in the order of documents and places."""
    again = found[repeated(found, rank)[0]]
    gone = np.empty(len(again), _FOUND)
    for name in _FOUND.names or ():
        gone[name] = again[name]
    return gone[np.lexsort((gone["start"], gone["document"]))]


def _of_file(scratch: Sequence[np.ndarray], first: int, stop: int) -> np.ndarray:
    """The cuts of the documents from `first` to `stop`, as `CUT`, in order."""
    slices = []
    for found in scratch:
        low, high = np.searchsorted(found["document"], [first, stop])
        slices.append(np.array(found[low:high]))
    here = np.concatenate(slices)
    here = here[np.lexsort((here["start"], here["document"]))]
    found = np.empty(len(here), CUT)
    found["row"], found["start"], found["end"] = here["document"] - first, here["start"], here["end"]
    return found


class Losses:
    """What each document would lose: bytes and words in repeated passages (int64), and `matched`, the earliest document
    of the longest of these (the earlier one of equally long ones), or -1. repeats: passages, in all."""

    def __init__(self, documents: Documents):
        self.documents = documents
        self.bytes, self.words, self._longest = (np.zeros(len(documents.rank), np.int64) for _ in range(3))
        self.matched = np.full(len(documents.rank), -1, np.int64)
        self.repeats = 0

    def add(self, found: np.ndarray, places: np.ndarray, firsts: np.ndarray) -> None:
        again, rank = found[places], self.documents.rank
        owners, lengths = again["document"], (again["end"] - again["start"]).astype(np.int64)
        np.add.at(self.bytes, owners, lengths)
        np.add.at(self.words, owners, again["words"].astype(np.int64))
        self.repeats += len(again)
        order = np.lexsort((rank[firsts], -lengths, owners))
        best = order[np.flatnonzero(np.diff(owners[order], prepend=-1))]
        owners, lengths, firsts = owners[best], lengths[best], firsts[best]
        former = self.matched[owners]
        equal = (lengths == self._longest[owners]) & (rank[firsts] < rank[former])
        better = (lengths > self._longest[owners]) | equal
        self.matched[owners[better]] = firsts[better]
        self._longest[owners[better]] = lengths[better]

    def dropped(self, max_cut: float | None) -> np.ndarray:
        """Whether a document goes as a whole: bool. Nothing is left of it, or too little."""
        documents = self.documents
        gone = (self.words == documents.words) & (self.bytes > 0)
        return gone if max_cut is None else gone | (self.bytes > max_cut * documents.length)


def _write_drops(folder: Path, documents: Documents, losses: Losses, dropped: np.ndarray) -> None:
    share = losses.bytes[dropped] / np.maximum(documents.length[dropped], 1)
    survivors = documents.ids.take(pa.array(losses.matched[dropped]))
    borders = np.searchsorted(dropped, documents.offsets)
    for n in range(len(documents.offsets) - 1):
        here = slice(borders[n], borders[n + 1])
        count = borders[n + 1] - borders[n]
        columns = {
            "row": dropped[here] - documents.offsets[n],
            "rule": pa.array([RULE] * count, pa.string()),
            "survivor": survivors.slice(borders[n], count),
            "similarity": np.round(share[here], 4),
        }
        with TableWriter(folder / f"{n:06d}.parquet", REMOVED) as writer:
            writer.write_table(pa.table(columns).cast(REMOVED))
