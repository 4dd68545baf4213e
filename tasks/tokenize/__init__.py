"""Text to tokens: the validation split, a byte-level BPE vocabulary, and token shards.

`Encoder` is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.tokenize.encoder import Encoder

__all__ = ["Encoder"]


def __getattr__(name: str) -> Any:
    if name == "Encoder":
        from tasks.tokenize.encoder import Encoder

        return Encoder
    raise AttributeError(f"module 'tasks.tokenize' has no attribute {name!r}")
