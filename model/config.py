"""The shape of a transformer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ModelConfig(BaseModel):
    """A decoder-only transformer's shape: immutable, every number resolved once it is made.

    What is left out or null is derived: kv_heads = heads (multi-head attention), head_dim = hidden_size /
    heads, intermediate_size = 8/3 of hidden_size rounded up to a multiple of 64 (about the parameters of a
    plain MLP four times as wide as the hidden state). kv_heads = 1 is multi-query attention; between the two
    it is grouped-query.

    >>> ModelConfig(vocab_size=8192, hidden_size=256, layers=4, heads=4).intermediate_size
    704
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    vocab_size: int = Field(ge=2)
    hidden_size: int = Field(256, ge=2)
    layers: int = Field(6, ge=1)
    heads: int = Field(4, ge=1)
    # The default 0 of the next three is never seen: `_derive` comes first.
    kv_heads: int = Field(0, ge=1)
    head_dim: int = Field(0, ge=2)
    intermediate_size: int = Field(0, ge=1)
    max_sequence_length: int = Field(256, ge=2)  # tokens: the longest window, the length of the RoPE tables
    rope_theta: float = Field(10000.0, gt=0)
    norm_eps: float = Field(1e-6, gt=0)
    tie_embeddings: bool = True  # the output projection is the input embedding
    qk_norm: bool = False  # RMSNorm over each query's and key's head_dim before RoPE, as in Qwen3

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = {name: value for name, value in data.items() if value is not None}
        hidden, heads = data.get("hidden_size", 256), data.get("heads", 4)
        if isinstance(hidden, int) and isinstance(heads, int) and heads > 0:
            data.setdefault("kv_heads", heads)
            if "head_dim" not in data:
                if hidden % heads:
                    raise ValueError(f"hidden_size {hidden} is no multiple of heads {heads}: set head_dim")
                data["head_dim"] = hidden // heads
            data.setdefault("intermediate_size", -(-hidden * 8 // 3 // 64) * 64)
        return data

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} is no multiple of kv_heads {self.kv_heads}")
        if self.head_dim % 2:
            raise ValueError(f"head_dim {self.head_dim} is odd: RoPE turns pairs of dimensions")
        return self
