"""Which lines and marks are taken out of which documents."""

from __future__ import annotations

from tasks.filter.editing import lines
from tasks.filter.editing.pii import Kind

SAMPLES = 12  # removed passages of a rule that a shard keeps to be looked at
SAMPLE_BYTES = 400


class Edits(lines.Config):
    """Which lines and marks are taken out of which documents.

    kinds: the document kinds that are edited; source code shouldn't be.
    control_characters: what no text has a use for; form feeds and the like become newlines.
    citations: markers as on Wikipedia, [1] and [edit]: "all" as datatrove has it (C4's rule), or "careful", where
    they can't be a program's subscripts (`marks.citation_edits`).
    """

    kinds: tuple[Kind, ...] = ("web", "text")
    control_characters: bool = True
    citations: lines.Mode | None = "careful"
