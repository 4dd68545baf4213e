"""The quality classifier's section of the configuration, and the rule that looks at its score.

A fastText classifier of word n-grams tells texts like the positives from texts like the negatives, as in DCLM
(Li et al. 2024, section 4.4). It is trained by the node filter-classifier or loaded from a file; the probability
of its positive label is the signal `quality_score`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from tasks.filter.rules import at_least, rules_of
from tasks.node import Config as NodeConfig
from tasks.node import not_identity

SIGNAL = "quality_score"
DEFAULT = None  # off


class Texts(NodeConfig):
    """Where examples come from: files, or a source of `ingest`. A plain string is a path.

    path: a file or glob, relative to pipeline.yaml: JSON Lines (.jsonl, .json, .ndjson; compressed or not), Parquet,
        or else plain text.
    source: the name of a source of `ingest`; its documents are the examples.
    column: of JSON Lines and Parquet, what holds the text; a dot goes into nested objects.
    sample_by: what is one example of a plain text file: a line, a paragraph (between blank lines), the document.
    """

    path: str | None = None
    source: str | None = None
    column: str = "text"
    sample_by: Literal["line", "paragraph", "document"] = "line"

    @model_validator(mode="before")
    @classmethod
    def _plain_path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_place(self) -> Texts:
        if (self.path is None) == (self.source is None):
            raise ValueError("give either a path or the name of a source")
        return self


class Thresholds(NodeConfig):
    """What a profile or a language may have of its own: there is one classifier, so nothing else."""

    min_score: float | None = at_least(None, SIGNAL)


class Config(Thresholds):
    """What the classifier learns from, or which file it is; and the threshold, which alone is the filter's.

    model: the path of a fastText classifier, instead of training one.
    positives, negatives: the examples. The negatives stand for the pool that is filtered.
    positive_label: the label whose probability is the score; of a trained classifier `positive`.
    prefix: characters of a document that the classifier sees, in training and scoring; time is proportional.
    most_examples: of each side, drawn with the seed; both sides get equally many.
    held_out: share of the examples that the classifier is tested on.
    word_ngrams, dimension, buckets, epochs, learning_rate, min_count: fastText's wordNgrams, dim, bucket, epoch,
        lr and minCount. DCLM: 2, the rest fastText's own (lr 0.1, 5 epochs, dim 100, 2 million buckets: 800 MB of
        model). epochs null: 5, and more where there are few examples; both found on human labels (tests/bench).
    """

    model: str | None = not_identity(None)
    positives: tuple[Texts, ...] = not_identity(())
    negatives: tuple[Texts, ...] = not_identity(())
    positive_label: str = not_identity("positive")
    prefix: int = not_identity(20_000, gt=0)
    most_examples: int = not_identity(100_000, gt=0)
    held_out: float = not_identity(0.1, gt=0, lt=1)
    word_ngrams: int = not_identity(2, ge=1, le=5)
    dimension: int = not_identity(16, ge=1)
    buckets: int = not_identity(1 << 18, ge=1)
    epochs: int | None = not_identity(None, ge=1)
    learning_rate: float = not_identity(0.5, gt=0)
    min_count: int = not_identity(1, ge=1)


RULES = rules_of(Thresholds)


def complete(section: Config | None) -> Config | None:
    """The section, if it says where the classifier comes from. Raises ValueError if it doesn't."""
    if section is None:
        return None
    if section.model is not None and (section.positives or section.negatives):
        raise ValueError(
            "quality: a model is loaded or trained: give either `model` or positives and negatives"
        )
    if section.model is None and not (section.positives and section.negatives):
        raise ValueError(
            "quality: give positives and negatives to learn from, or a `model`; null turns it off"
        )
    if section.model is None and section.positive_label != "positive":
        raise ValueError("quality.positive_label is for a `model`; the one trained here says `positive`")
    return section


def trained(section: Config | None) -> bool:
    """Whether the classifier is trained here."""
    return section is not None and section.model is None
