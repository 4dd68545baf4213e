"""The dedup stage: exact duplicates and near-duplicates, each verified before it removes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.dedup.memory import Config, deduplicate

__all__ = ["Config", "deduplicate"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from tasks.dedup import memory

        return getattr(memory, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
