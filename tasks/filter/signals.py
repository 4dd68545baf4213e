"""Node filter-signals: language and text signals of every document, one row each, in the documents' order.

Thresholds are not here: changing one reads no text again.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tasks.filter import language
from tasks.node import Config as NodeConfig
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics, not_identity

VERSION = 1
PACKAGES = ("fasttext", "fasttext-predict", "fasttext-wheel")
INPUTS = ("ingest/documents",)


class Config(NodeConfig):
    """What changes the signals.

    language_model: path of a fastText classifier; null: lid.176.ftz. Its content is identity, its path isn't.
    language_prefix: characters of a document that the model sees.
    """

    language_model: str | None = not_identity(None)
    language_prefix: int = language.PREFIX


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard for each file of documents."""
    path = inputs.resolve(config.language_model) if config.language_model else language.default_model()
    model = inputs.file(Path(path), "language-model")
    # Python's character tables decide what is a letter.
    identity = config.identity() | {"unicode": unicodedata.unidata_version}
    return [
        Shard(key=item.key, config=identity, inputs={"documents": [item], "language_model": [model]})
        for item in inputs["ingest/documents"]
    ]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes signals.parquet: id, language, language_score, and the columns of `scoring.SCHEMA`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tasks.document import TableWriter, read_batches
    from tasks.filter import scoring

    model = shard.inputs["language_model"][0].path
    prefix = shard.config["language_prefix"]
    head = [("id", pa.string()), ("language", pa.string()), ("language_score", pa.float64())]
    schema = pa.schema([*head, *scoring.SCHEMA])
    count = size = 0
    with TableWriter(out / "signals.parquet", schema) as writer:
        for batch in read_batches([shard.inputs["documents"][0].path], ["id", "text"], rows=256):
            texts = batch.column("text")
            found = language.detect(texts, model=model, prefix=prefix)
            signals = scoring.score(texts)
            columns = [batch.column("id"), found["language"], found["score"], *signals.columns]
            writer.write_table(pa.table(columns, schema=schema))
            count += batch.num_rows
            size += int(pc.sum(pc.binary_length(texts)).as_py() or 0)
    return ShardResult(
        metrics={"documents_in": count, "documents_out": count, "bytes_in": size, "bytes_out": size}
    )


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    """The counts of all shards."""
    return merge_metrics(result.metrics for result in results)
