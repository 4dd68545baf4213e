"""Calls of the filter's kernels, which compile them."""

from __future__ import annotations

TEXTS = ["It is a text of some words.\nWrite to a@b.example!", "C'est un texte. Élan."]


def edits() -> None:
    """What filter-edits runs."""
    import pyarrow as pa

    from tasks.filter.editing import Config, Editor, Edits, edit_texts

    edit_texts(pa.array(TEXTS, pa.large_string()), ["web", "web"], Editor(Edits(), Config()))


def languages() -> None:
    """Language identification."""
    from tasks.filter.language import detect

    detect(TEXTS)


def text_signals() -> None:
    """The counts behind the signals."""
    from tasks.filter.text_signals import score

    score(TEXTS, ["en", "fr"])
