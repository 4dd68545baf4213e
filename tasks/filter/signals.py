"""Node filter-signals: language, text and URL signals of every document, one row each, in the documents' order.

Thresholds are not here: changing one reads no text again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks.errors import ConfigError
from tasks.filter.language import identification
from tasks.filter.quality import SIGNAL
from tasks.filter.quality import Config as Quality
from tasks.filter.text_signals import side_signals
from tasks.filter.urls import blocklists
from tasks.node import Config as NodeConfig
from tasks.node import Input, Inputs, Shard, ShardResult, not_identity

VERSION = 6
PACKAGES = ("fasttext", "fasttext-predict", "fasttext-wheel")
KERNELS = ("tasks.filter.kernels.text_signals", "tasks.filter.kernels.languages")
INPUTS = ("filter-edits/documents", "filter-edits/edits", "filter-classifier/classifier")


class Config(NodeConfig):
    """What changes the signals.

    language_model: path of a fastText classifier; null: lid.176.ftz. Its content is identity, its path isn't.
    language_sample: bytes of a document that the model sees, in windows spread over it.
    quality: the classifier whose score is a signal more; null: none. Content and label are identity, its training
        is that of filter-classifier.
    url_lists: what URLs are held against.
    """

    language_model: str | None = not_identity(None)
    language_sample: int = Field(identification.SAMPLE, ge=64)
    quality: Quality | None = not_identity(None)
    url_lists: blocklists.Config = blocklists.Config()


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard for each file of documents, with the record of its edits."""
    path = inputs.resolve(config.language_model) if config.language_model else identification.default_model()
    model = inputs.file(Path(path), "language-model")
    # Python's character tables decide what is a letter.
    identity = config.identity() | {"unicode": unicodedata.unidata_version}
    sides = {"language_model": [model], **blocklists.list_inputs(config.url_lists, inputs)}
    if config.quality is not None:
        identity |= {
            "quality": {name: getattr(config.quality, name) for name in ("positive_label", "prefix")}
        }
        sides |= {"classifier": [_classifier(config.quality, inputs)]}
    edits = {item.key: item for item in inputs["filter-edits/edits"]}
    return [
        Shard(item.key, identity, {"documents": [item], "edits": [edits[item.key]], **sides})
        for item in inputs["filter-edits/documents"]
    ]


def _classifier(section: Quality, inputs: Inputs) -> Input:
    if section.model is None:
        (trained,) = inputs["filter-classifier/classifier"]
        return trained
    path = inputs.resolve(section.model)
    if not path.is_file():
        raise ConfigError(f"filter.quality.model: there is no file {path}")
    return inputs.file(path, "classifier")


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes signals.parquet: id, language and runner-up with their scores, the columns of `scoring.SCHEMA` and
    `blocklists.schema` and `side_signals.schema`, `bytes` of UTF-8 text.

    With a classifier, `quality_score` too: the probability of its positive label.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from tasks.document import TableWriter, read_batches
    from tasks.filter.text_signals import scoring

    model = shard.inputs["language_model"][0].path
    sample = shard.config["language_sample"]
    languages = [("language", pa.string()), ("language_score", pa.float64())]
    languages += [("second_language", pa.string()), ("second_score", pa.float64())]
    judge = _quality(shard)
    tail = [*side_signals.schema(), ("bytes", pa.int64()), *([(SIGNAL, pa.float64())] if judge else [])]
    schema = pa.schema([("id", pa.string()), *languages, *scoring.SCHEMA, *blocklists.schema(), *tail])
    lost = side_signals.lost_by_document(read_batches([shard.inputs["edits"][0].path], ["id", "words"]))
    wanted = ["id", "text", "url", "kind", "metadata"]
    lists = blocklists.load_lists(shard.config["url_lists"]["own"], shard.inputs)
    count = size = 0
    with TableWriter(out / "signals.parquet", schema) as writer:
        for batch in read_batches([shard.inputs["documents"][0].path], wanted, rows=256):
            texts = batch.column("text")
            found = identification.detect(texts, model=model, sample=sample)
            signals = scoring.score(texts, found["language"])
            sizes = pc.fill_null(pc.binary_length(texts), 0).cast(pa.int64())
            addresses = blocklists.measure(batch.column("url"), lists)
            sides = side_signals.measure(batch, signals["dclm_words"].combine_chunks(), lost)
            columns = [batch.column("id"), *found.columns, *signals.columns, *addresses, *sides, sizes]
            if judge:
                columns.append(pa.array(judge(texts.to_pylist())))
            writer.write_table(pa.table(columns, schema=schema))
            count += batch.num_rows
            size += int(pc.sum(sizes).as_py() or 0)
    return ShardResult(
        metrics={"documents_in": count, "documents_out": count, "bytes_in": size, "bytes_out": size}
    )


def _quality(shard: Shard) -> Callable[[list[str | None]], Any] | None:
    """Texts to the classifier's scores, where there is a classifier."""
    if "classifier" not in shard.inputs:
        return None
    from tasks.filter.quality import model as wordbags

    section = shard.config["quality"]
    classifier = wordbags.load(shard.inputs["classifier"][0].path, section["positive_label"])
    return lambda texts: classifier.score(texts, section["prefix"])
