"""Node filter-classifier: trains the quality classifier from the positives and negatives that the user names.

It is part of the DAG only where `filter.quality` names examples. What it leaves: classifier.bin, which
filter-signals scores every document with, and held_out.parquet, the scores of the texts that it was tested on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import field_validator

from tasks.errors import ConfigError, StageError
from tasks.filter.quality import NEGATIVE, POSITIVE, complete, trained
from tasks.filter.quality import Config as Quality
from tasks.node import Config as NodeConfig
from tasks.node import Input, Inputs, Metrics, Shard, ShardResult

VERSION = 1
PACKAGES = ("fasttext",)
DOCUMENTS = "filter-edits/documents"  # what a source's texts are taken from: what filter-signals scores
INPUTS = (DOCUMENTS,)
SINGLE = True

SIDES = {POSITIVE: "positives", NEGATIVE: "negatives"}
SETTINGS = ("prefix", "most_examples", "held_out", "word_ngrams", "dimension", "buckets", "epochs",
            "learning_rate", "min_count")  # fmt: skip
TRAINING = SETTINGS[3:]


class Config(NodeConfig):
    """quality: see tasks/filter/quality/family.py. seed: draws the examples."""

    quality: Quality | None = None
    seed: int = 1

    @field_validator("quality")
    @classmethod
    def _complete(cls, value: Quality | None) -> Quality | None:
        return complete(value)


def wanted(config: Config) -> bool:
    """Whether the node is part of the DAG."""
    return trained(config.quality)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One job; a file is known by its content and format, not by its name or place."""
    section = config.quality
    assert section is not None
    identity: dict[str, Any] = {"seed": config.seed} | {name: getattr(section, name) for name in SETTINGS}
    roles: dict[str, list[Input]] = {}
    for side in SIDES.values():
        identity[side] = []
        for number, texts in enumerate(getattr(section, side)):
            files = _source(texts.source, inputs) if texts.source else _files(side, str(texts.path), inputs)
            roles[f"{side}-{number}"] = sorted(files, key=lambda file: (file.name, file.digest))
            identity[side].append({"column": texts.column, "sample_by": texts.sample_by})
    return [Shard("classifier", identity, roles)]


def _source(name: str, inputs: Inputs) -> list[Input]:
    documents = inputs[DOCUMENTS]
    files = [file for file in documents if file.key.rpartition("-")[0] == name]
    if not files:
        there = ", ".join(sorted({file.key.rpartition("-")[0] for file in documents}))
        raise ConfigError(f"filter.quality: ingest has no source {name!r}; it has {there}")
    return [Input("parquet", file.path, file.digest) for file in files]


def _files(side: str, pattern: str, inputs: Inputs) -> list[Input]:
    from tasks.filter.quality import format_of

    path = inputs.resolve(pattern)
    magic = any(letter in path.as_posix() for letter in "*?[")
    found = [path] if path.is_file() else sorted(_globbed(path)) if magic else []
    if not found:
        raise ConfigError(f"filter.quality.{side}: {pattern!r} matches no file")
    try:
        return [inputs.file(file, format_of(file)) for file in found]
    except OSError as error:
        raise ConfigError(f"filter.quality.{side}: {error.filename or pattern}: {error.strerror}") from None


def _globbed(path: Path) -> Iterator[Path]:
    fixed = 1 + next(n for n, part in enumerate(path.parts[1:]) if any(letter in part for letter in "*?["))
    return (file for file in Path(*path.parts[:fixed]).glob("/".join(path.parts[fixed:])) if file.is_file())


def process(shard: Shard, out: Path) -> ShardResult:
    """Draws examples, trains, tests on what was held out; writes classifier.bin and held_out.parquet."""
    import tempfile

    from tasks.filter.quality import examples
    from tasks.filter.quality import model as wordbags

    settings = shard.config
    with tempfile.TemporaryDirectory(dir=out) as name:
        folder = Path(name)
        draws = {label: _draw(shard, side, folder / side) for label, side in SIDES.items()}
        with draws[POSITIVE], draws[NEGATIVE]:
            found = examples.split(draws[POSITIVE], draws[NEGATIVE])
            examples.write_training_file(folder / "train.txt", found, draws)
            training = {name: settings[name] for name in TRAINING}
            training["epochs"] = training["epochs"] or wordbags.enough_epochs(len(found))
            model = wordbags.train(folder / "train.txt", seed=settings["seed"], **training)
            model.save_model(str(out / "classifier.bin"))
            scores = _scores(wordbags.Classifier(model, POSITIVE), found, draws, settings["prefix"])
    _write_scores(out / "held_out.parquet", scores)
    counts = {
        SIDES[label]: {
            **draws[label].read, "drawn": len(draws[label]), "train": len(found.train[label]),
            "held_out": len(found.held_out[label]),
        }
        for label in SIDES
    }  # fmt: skip
    return ShardResult(
        metrics={**counts, "ambiguous": found.ambiguous, "epochs": training["epochs"], **_tested(scores)}
    )


def _draw(shard: Shard, side: str, path: Path) -> Any:
    """A side's examples; a file that gives none is a mistake, texts that can't be read are counted."""
    from tasks.document import Loss
    from tasks.filter.quality import Draw, read_texts

    settings = shard.config
    draw = Draw(path, most=settings["most_examples"], seed=settings["seed"], prefix=settings["prefix"],
                held_out=settings["held_out"])  # fmt: skip
    for number, texts in enumerate(settings[side]):
        for file in shard.inputs[f"{side}-{number}"]:
            losses: Counter[str] = Counter()
            before = draw.read["texts"]
            for item in read_texts(file, texts["column"], texts["sample_by"]):
                if isinstance(item, Loss):
                    losses[item.reason] += 1
                else:
                    draw.add(item)
            draw.read["unreadable"] += sum(losses.values())
            if losses and draw.read["texts"] == before:
                reason, count = losses.most_common(1)[0]
                raise StageError(
                    f"filter.quality.{side}: {file.path} gave no text ({reason}: {count}): is its format right, and "
                    f"is the text in the column {texts['column']!r}?"
                )
    return draw


def _scores(classifier: Any, found: Any, draws: Any, prefix: int) -> dict[str, Any]:
    return {
        label: classifier.score((draws[label].line(item).decode("utf-8") for item in items), prefix)
        for label, items in found.held_out.items()
    }


def _write_scores(path: Path, scores: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    labels = [label for label, values in scores.items() for _ in values]
    values = [float(value) for found in scores.values() for value in found]
    pq.write_table(pa.table({"label": pa.array(labels, pa.string()), "score": values}), path)


def _tested(scores: dict[str, Any]) -> Metrics:
    from tasks.filter.quality import accuracy, auc, threshold_table

    sides = (scores[POSITIVE], scores[NEGATIVE])
    return {
        "auc": round(auc(*sides), 4),
        "accuracy": round(accuracy(*sides), 4),
        "thresholds": threshold_table(*sides),
    }
