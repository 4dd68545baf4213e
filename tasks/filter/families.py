"""The filter families. A new one is a module and a line here; its thresholds are `filter.<family>.<key>`."""

from __future__ import annotations

from types import ModuleType

from tasks.filter import books, c4, code, fineweb, gopher_quality, gopher_repetition, language, quality

FAMILIES: dict[str, ModuleType] = {
    "language": language,
    "gopher_repetition": gopher_repetition,
    "gopher_quality": gopher_quality,
    "c4": c4,
    "fineweb": fineweb,
    "code": code,
    "books": books,
    "quality": quality,
}
