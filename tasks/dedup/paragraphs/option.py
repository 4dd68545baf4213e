"""The option `dedup.paragraphs`: paragraphs that an earlier document has are cut from later ones.

It comes after near-duplicates are gone. The other way round every near-duplicate would lose what it shares with
the document that it repeats, and its last few sentences would pass for a document; so it goes as a whole and
names its survivor, and what is cut are the notices and quotations of documents that are otherwise unlike.

Three nodes do it, and there are none where the option is off: dedup-passages finds and hashes the paragraphs of
each file, dedup-repeats decides which ones go, and dedup, which writes the documents anyway, leaves them out.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tasks import node

RULE = "duplicate-paragraphs"


class Paragraphs(node.Config):
    """separator: what lies between two paragraphs: a line end, as in CCNet and dolma, or an empty line, for texts
    whose lines are wrapped.
    min_words: shorter paragraphs are left alone, for they repeat by chance ("Read more", "Yes.").
    max_cut: the largest share of a document's bytes that may be cut; one that would lose more is dropped whole. null:
    only what nothing is left of is dropped.
    kinds: the document kinds that are looked at and edited; source code needs its repeated lines."""

    separator: Literal["line", "empty_line"] = "line"
    min_words: int = Field(10, ge=1)
    max_cut: float | None = Field(None, gt=0, lt=1)
    kinds: tuple[Literal["web", "text", "code", "book"], ...] = ("web", "text")


class Option(node.Config):
    """paragraphs: null turns the option off. sources: the order of documents, as dedup-survivors has it."""

    paragraphs: Paragraphs | None = None


def wanted(config: Any) -> bool:
    """Whether the nodes of the option are part of the DAG."""
    return config.paragraphs is not None
