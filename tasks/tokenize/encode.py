"""Node tokenize: documents to token shards, the validation side apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tasks.errors import StageError
from tasks.node import Config as NodeConfig
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

VERSION = 1
PACKAGES = ("tokenizers",)
KERNELS = ("tasks.text.kernels.ngram_sets",)
INPUTS = (
    "decontaminate/documents",
    "tokenize-train/tokenizer",
    "tokenize-train/split",
    "tokenize-train/validation_texts",
)
STORY = "tasks.tokenize.story"

OVERLAP_RULE = "validation_overlap"


class Config(NodeConfig):
    """Which training documents are too close to the validation side."""

    # Share of a training document's word n-grams that stand in validation documents, above which it is
    # left out of training; null: none is.
    max_validation_overlap: float | None = Field(0.3, ge=0, le=1)
    validation_overlap_ngram: int = Field(13, ge=1)  # words


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard for each file of documents."""
    shared = {
        "tokenizer": [
            item for item in inputs["tokenize-train/tokenizer"] if item.path.endswith("/tokenizer.json")
        ],
        "split": inputs["tokenize-train/split"],
    }
    if config.max_validation_overlap is not None:
        shared["validation_texts"] = inputs["tokenize-train/validation_texts"]
    identity = config.identity()
    return [
        Shard(item.key, identity, {"documents": [item], **shared})
        for item in inputs["decontaminate/documents"]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes train and validation (.bin, .idx), table.parquet and validation_documents.parquet.

    Documents keep their order. The table has a row for each: where its tokens lie, or why they lie nowhere.
    """
    import pyarrow as pa

    from tasks.document import DOCUMENTS, TableWriter
    from tasks.tokenize.encoder import Encoder
    from tasks.tokenize.shards import ShardWriter

    encoder = Encoder(shard.inputs["tokenizer"][0].path)
    overlap = _Overlap(shard)
    parts: list[Metrics] = []
    with (
        ShardWriter(out / "train", encoder.dtype) as train,
        ShardWriter(out / "validation", encoder.dtype) as validation,
        TableWriter(out / "table.parquet", document_table()) as table,
        TableWriter(out / "validation_documents.parquet", DOCUMENTS) as held_out,
    ):
        writers = {"train": train, "validation": validation}
        for batch, splits in _split_batches(shard, overlap):
            tokens = _encode(encoder, batch, splits)
            offsets = [
                None if ids is None else writers[split].add(ids)
                for split, ids in zip(splits, tokens, strict=True)
            ]
            rows = _rows(batch, splits, tokens, offsets, shard.key)
            table.write_table(rows)
            inside = pa.array([split == "validation" for split in splits], pa.bool_())
            held_out.write_table(batch.select(DOCUMENTS.names).filter(inside))
            parts.append(_metrics(rows))
    return ShardResult(metrics=merge_metrics(parts))


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    """Writes documents.parquet (all tables) and a copy of the tokenizer; StageError if a side is empty."""
    import shutil

    from tasks.document import TableWriter, read_batches

    metrics = merge_metrics([_nothing(), *(result.metrics for result in results)])
    for split in ("train", "validation"):
        if metrics[f"{split}_tokens"] < 2:
            raise StageError(_too_few(split, metrics))
    metrics["bytes_per_token"] = round(
        metrics["bytes_out"] / (metrics["tokens"] - metrics["documents_out"]), 4
    )
    with TableWriter(out / "documents.parquet", document_table()) as table:
        for batch in read_batches([Path(result.folder) / "table.parquet" for result in results]):
            table.write_table(batch)
    trained = Path(shards[0].inputs["tokenizer"][0].path).parent
    (out / "tokenizer").mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(trained / name, out / "tokenizer" / name)
    return metrics


def document_table() -> pa.Schema:
    """The columns of documents.parquet, one row per document in the order of the shards.

    split: train | validation | excluded (too close to the validation side). The tokens of a document are
    `length` tokens, its separator included, from token `offset` of `<split>/<shard>.bin`; null if excluded.
    bytes: of UTF-8 text. validation_overlap: share of its n-grams; null for validation, or if not asked.
    """
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in ("id", "url", "source", "kind", "split", "shard")),
            *((name, pa.int64()) for name in ("offset", "length", "bytes")),
            ("validation_overlap", pa.float64()),
        ]
    )


class _Overlap:
    """How much of each text stands in the validation documents."""

    def __init__(self, shard: Shard):
        config = Config.model_validate(dict(shard.config))
        self.bound = config.max_validation_overlap
        if self.bound is not None:
            from tasks.document import read_batches
            from tasks.text import NgramSet

            paths = [item.path for item in shard.inputs["validation_texts"]]
            texts = (
                text.as_py() for batch in read_batches(paths, ["text"], rows=64) for text in batch.column(0)
            )
            self._ngrams = NgramSet(texts, ngram=config.validation_overlap_ngram)

    def shares(self, texts: pa.Array) -> np.ndarray:
        """float64, rounded to 1e-4."""
        return self._ngrams.contained_shares(texts).round(4)  # type: ignore[no-any-return]


def _split_batches(shard: Shard, overlap: _Overlap) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Batches of documents with a column `validation_overlap`, and the split of each row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tasks.document import DOCUMENTS
    from tasks.tokenize.split import grouped

    held_out = set(pq.read_table(shard.inputs["split"][0].path).column("group").to_pylist())
    for batch, groups in grouped([shard.inputs["documents"][0].path], DOCUMENTS.names):
        inside = np.array([group in held_out for group in groups], dtype=bool)
        splits = np.where(inside, "validation", "train").astype(object)
        shares = pa.nulls(batch.num_rows, pa.float64())
        if overlap.bound is not None and batch.num_rows:
            measured = overlap.shares(batch.column("text"))
            splits[~inside & (measured > overlap.bound)] = "excluded"
            shares = pa.array(measured, mask=inside)
        yield batch.append_column("validation_overlap", shares), splits.tolist()


def _encode(encoder: Any, batch: pa.RecordBatch, splits: list[str]) -> list[np.ndarray | None]:
    """Each document's tokens and the separator; None for the excluded."""
    import numpy as np

    texts = [
        None if split == "excluded" else text.as_py()
        for split, text in zip(splits, batch.column("text"), strict=True)
    ]
    encoded = iter(encoder.encode_batch([text for text in texts if text is not None]))
    end = np.array([encoder.end], dtype=encoder.dtype)
    return [None if text is None else np.concatenate([next(encoded), end]) for text in texts]


def _rows(
    batch: pa.RecordBatch,
    splits: list[str],
    tokens: list[np.ndarray | None],
    offsets: list[int | None],
    key: str,
) -> pa.Table:
    """The batch's rows of the document table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {name: batch.column(name) for name in ("id", "url", "source", "kind", "validation_overlap")}
    columns |= {
        "split": pa.array(splits, pa.string()),
        "shard": pa.array([None if split == "excluded" else key for split in splits], pa.string()),
        "offset": pa.array(offsets, pa.int64()),
        "length": pa.array([None if ids is None else len(ids) for ids in tokens], pa.int64()),
        "bytes": pc.binary_length(batch.column("text")).cast(pa.int64()),
    }
    schema = document_table()
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _metrics(rows: pa.Table) -> Metrics:
    found = _nothing()
    columns = (rows.column(name).to_pylist() for name in ("split", "length", "bytes"))
    for split, length, size in zip(*columns, strict=True):
        found["documents_in"] += 1
        found["bytes_in"] += size
        if split == "excluded":
            rule = found["dropped"].setdefault(OVERLAP_RULE, {"documents": 0, "bytes": 0})
            rule["documents"] += 1
            rule["bytes"] += size
            continue
        found["documents_out"] += 1
        found["bytes_out"] += size
        found["tokens"] += length
        for name, value in (("tokens", length), ("documents", 1), ("bytes", size)):
            found[f"{split}_{name}"] += value
    return found


def _nothing() -> Metrics:
    counts = ("documents_in", "documents_out", "bytes_in", "bytes_out", "tokens")
    sides = (
        f"{split}_{name}" for split in ("train", "validation") for name in ("tokens", "documents", "bytes")
    )
    return {**dict.fromkeys((*counts, *sides), 0), "dropped": {}}


def _too_few(split: str, metrics: Metrics) -> str:
    excluded = metrics["dropped"].get(OVERLAP_RULE, {"documents": 0})["documents"]
    return (
        f"tokenize: {metrics[f'{split}_tokens']} {split} tokens: of {metrics['documents_in']} documents "
        f"{metrics['validation_documents']} are held out and {excluded} are too close to these to "
        "train on. Change tokenize.validation_fraction or tokenize.max_validation_overlap, or give it "
        "more text."
    )
