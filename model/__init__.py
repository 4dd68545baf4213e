"""The transformer. It knows nothing of data, DeepSpeed or Prefect.

What it exports is imported when it is first used; only `ModelConfig` does without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model import convert
    from model.config import ModelConfig
    from model.generation import generate
    from model.transformer import KVCache, Transformer

__all__ = ["KVCache", "ModelConfig", "Transformer", "convert", "generate"]

_HOMES = {
    "ModelConfig": "model.config",
    "Transformer": "model.transformer",
    "KVCache": "model.transformer",
    "generate": "model.generation",
}


def __getattr__(name: str) -> Any:
    if name == "convert":
        return importlib.import_module("model.convert")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'model' has no attribute {name!r}")
