"""The filter families. A new one is a module and a line here; its thresholds are `filter.<family>.<key>`."""

from __future__ import annotations

from types import ModuleType

from tasks.filter.heuristics import (
    books,
    c4,
    code,
    dclm_edits,
    dclm_quality,
    dclm_repetition,
    fineweb,
    gopher_quality,
    gopher_repetition,
    massivetext_quality,
    massivetext_repetition,
)
from tasks.filter.language import identification
from tasks.filter.quality import family as quality
from tasks.filter.urls import family as url

FAMILIES: dict[str, ModuleType] = {
    "url": url,
    "language": identification,
    "gopher_repetition": gopher_repetition,
    "gopher_quality": gopher_quality,
    "c4": c4,
    "fineweb": fineweb,
    "dclm_quality": dclm_quality,
    "dclm_repetition": dclm_repetition,
    "dclm_edits": dclm_edits,
    "massivetext_quality": massivetext_quality,
    "massivetext_repetition": massivetext_repetition,
    "code": code,
    "books": books,
    "quality": quality,
}
