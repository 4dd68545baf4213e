"""The filter families. A new one is a module and a line here; its thresholds are `filter.<family>.<key>`."""

from __future__ import annotations

from types import ModuleType

from tasks.filter import heuristics
from tasks.filter.language import identification
from tasks.filter.quality import family as quality
from tasks.filter.urls import family as url

_HEURISTICS = ("gopher_repetition", "gopher_quality", "c4", "fineweb", "dclm_quality", "dclm_repetition", "dclm_edits",
               "massivetext_quality", "massivetext_repetition", "code", "books")  # fmt: skip
FAMILIES: dict[str, ModuleType] = {
    "url": url,
    "language": identification,
    **{name: getattr(heuristics, name) for name in _HEURISTICS},
    "quality": quality,
}
