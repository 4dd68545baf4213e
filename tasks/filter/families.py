"""The filter families. A new one is a module and a line here; its thresholds are `filter.<family>.<key>`."""

from __future__ import annotations

from types import ModuleType

from tasks.filter import (
    books,
    c4,
    code,
    dclm_edits,
    dclm_quality,
    dclm_repetition,
    fineweb,
    gopher_quality,
    gopher_repetition,
    language,
    massivetext_quality,
    massivetext_repetition,
    quality,
    url,
)

FAMILIES: dict[str, ModuleType] = {
    "url": url,
    "language": language,
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
