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
    "ModelConfig": "config",
    "Transformer": "transformer",
    "KVCache": "transformer",
    "generate": "generation",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    home = importlib.import_module(f"model.{_HOMES.get(name, name)}")
    return getattr(home, name) if name in _HOMES else home
