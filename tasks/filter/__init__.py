"""The filter stage: a verdict on every document, from signals that are computed once.

`score` measures texts, `judge` compares the measures with a profile's thresholds, `identification.detect` names
languages. They are loaded when first asked for: importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.filter import language
    from tasks.filter.judging import judge
    from tasks.filter.text_signals.scoring import score

__all__ = ["judge", "language", "score"]


def __getattr__(name: str) -> Any:
    if name == "score":
        return importlib.import_module("tasks.filter.text_signals.scoring").score
    if name == "judge":
        return importlib.import_module("tasks.filter.judging").judge
    if name == "language":
        return importlib.import_module("tasks.filter.language")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
