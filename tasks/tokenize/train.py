"""Node tokenize-train: which groups are held out for validation, and the vocabulary, made of the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tasks.errors import StageError
from tasks.node import Config as NodeConfig
from tasks.node import Inputs, Shard, ShardResult

if TYPE_CHECKING:
    from tasks.tokenize.split import Group

VERSION = 1
PACKAGES = ("tokenizers",)
INPUTS = ("decontaminate/documents",)
SINGLE = True


class Config(NodeConfig):
    """The vocabulary and the split."""

    vocab_size: int = Field(32768, ge=258)  # ids, special tokens and the 256 bytes among them
    # Of training text that the vocabulary is made of; memory follows.
    sample_bytes: int = Field(128 << 20, ge=1)
    validation_fraction: float = Field(0.01, gt=0, lt=0.5)  # of all bytes, held out in whole groups
    validation_max_bytes: int = Field(32 << 20, ge=1)
    seed: int = 1  # of the split and of the sample


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One job over all documents."""
    return [Shard("all", config.identity(), {"documents": inputs["decontaminate/documents"]})]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes tokenizer/, split.parquet (group, bytes, documents) and validation_texts.parquet (id, text).

    The split holds the groups on the validation side; the texts are theirs, for what wants to know whether a
    training document repeats them. Reads the documents three times, a batch at a time.
    """
    from tasks.tokenize.bpe import save_tokenizer, train_bpe
    from tasks.tokenize.split import choose_validation

    config = Config.model_validate(dict(shard.config))
    paths = [item.path for item in shard.inputs["documents"]]
    groups = _measure(paths)
    if not groups:
        raise StageError("tokenize: there are no documents: see what the stages before it dropped")
    chosen = set(
        choose_validation(groups, config.validation_fraction, config.validation_max_bytes, config.seed)
    )
    _write_split(groups, chosen, out / "split.parquet")
    _write_validation(paths, chosen, out / "validation_texts.parquet")
    training = sum(group.size for name, group in groups.items() if name not in chosen)
    sample = _Sample(paths, chosen, config.sample_bytes / training, config.seed)
    save_tokenizer(train_bpe(sample, config.vocab_size), out / "tokenizer")
    return ShardResult(metrics=_metrics(groups, chosen) | sample.counts | {"vocab_size": config.vocab_size})


def _measure(paths: list[str]) -> dict[str, Group]:
    import pyarrow.compute as pc

    from tasks.tokenize.split import Group, grouped

    groups: dict[str, Group] = {}
    for batch, names in grouped(paths):
        sizes = pc.binary_length(batch.column("text")).to_pylist()
        for name, source, size in zip(names, batch.column("source").to_pylist(), sizes, strict=True):
            group = groups.setdefault(name, Group())
            group.documents += 1
            group.sources[source] += size
    return groups


def _write_split(groups: dict[str, Group], chosen: set[str], path: Path) -> None:
    import pyarrow as pa

    from tasks.document import TableWriter

    schema = pa.schema([("group", pa.string()), ("bytes", pa.int64()), ("documents", pa.int64())])
    with TableWriter(path, schema) as table:
        for name in sorted(chosen):
            table.write({"group": name, "bytes": groups[name].size, "documents": groups[name].documents})


def _write_validation(paths: list[str], chosen: set[str], path: Path) -> None:
    import pyarrow as pa

    from tasks.document import TableWriter
    from tasks.tokenize.split import grouped

    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    with TableWriter(path, schema) as table:
        for batch, names in grouped(paths):
            table.write_table(
                batch.filter(pa.array([name in chosen for name in names])).select(["id", "text"])
            )


class _Sample:
    """Texts of training documents, each with the same probability, decided by a hash of seed and id."""

    def __init__(self, paths: list[str], held_out: set[str], probability: float, seed: int):
        self._paths, self._held_out, self._seed = paths, held_out, seed
        self._bound = min(1.0, probability) * 2.0**64
        self.counts = {"sample_documents": 0, "sample_bytes": 0}

    def __iter__(self) -> Iterator[str]:
        import hashlib

        from tasks.tokenize.split import grouped

        for batch, names in grouped(self._paths):
            for name, id, text in zip(
                names, batch.column("id").to_pylist(), batch.column("text"), strict=True
            ):
                digest = hashlib.sha256(f"{self._seed}\0{id}".encode()).digest()
                if name not in self._held_out and int.from_bytes(digest[:8], "little") < self._bound:
                    content = text.as_py()
                    self.counts["sample_documents"] += 1
                    self.counts["sample_bytes"] += len(content.encode())
                    yield content


def _metrics(groups: dict[str, Group], chosen: set[str]) -> dict[str, Any]:
    held_out = [groups[name] for name in chosen]
    by_source: dict[str, int] = {}
    for group in held_out:
        for source, size in group.sources.items():
            by_source[source] = by_source.get(source, 0) + size
    return {
        "documents": sum(group.documents for group in groups.values()),
        "bytes": sum(group.size for group in groups.values()),
        "groups": len(groups),
        "validation_groups": len(held_out),
        "validation_documents": sum(group.documents for group in held_out),
        "validation_bytes": sum(group.size for group in held_out),
        "validation_bytes_by_source": dict(sorted(by_source.items())),
    }
