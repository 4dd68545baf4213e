"""The decontaminate stage: documents that hold benchmark items are removed before training sees them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.decontaminate.node import Config
    from tasks.decontaminate.search import Hit, find_hits

__all__ = ["Config", "Hit", "find_hits"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "node" if name == "Config" else "search"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
