"""A decoder-only transformer: pre-norm with RMSNorm, RoPE, grouped-query attention, SwiGLU, no biases.

The layout is that of Llama; with `qk_norm`, of Qwen3 (`model.convert` reads and writes both).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig
from model.loss import linear_cross_entropy


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + eps) · weight over the last dimension (Zhang and Sennrich 2019)."""

    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


def rope_tables(config: ModelConfig, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each (max_sequence_length, head_dim) in fp32; a row's two halves are equal."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    positions = torch.arange(config.max_sequence_length, dtype=torch.float32, device=device)
    angles = torch.outer(positions, 1.0 / config.rope_theta**exponents).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE (Su et al. 2021) in the half-split convention: dimension i is paired with i + head_dim / 2.

    x: (B, heads, T, head_dim); cos, sin: (T, head_dim), or (B, 1, T, head_dim) where rows differ in position.
    """
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


@dataclass
class KVCache:
    """Keys and values of the positions seen so far.

    keys, values: per layer (B, kv_heads, width, head_dim); filled: positions written; padding: (B,) int64,
    how many positions at a row's start are no tokens (prompts of different lengths end at one position).
    """

    keys: list[Tensor]
    values: list[Tensor]
    padding: Tensor
    filled: int = 0

    @classmethod
    def empty(cls, model: Transformer, padding: Tensor, width: int) -> KVCache:
        """Room for `width` positions of len(padding) rows, in the model's dtype and on its device."""
        config, weight = model.config, model.embedding.weight
        shape = (len(padding), config.kv_heads, width, config.head_dim)
        keys, values = ([weight.new_zeros(shape) for _ in range(config.layers)] for _ in range(2))
        return cls(keys, values, padding.to(weight.device))

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Writes one layer's new positions and returns all of them; `Transformer.step` moves `filled`."""
        end = self.filled + key.shape[2]
        self.keys[layer][:, :, self.filled : end] = key
        self.values[layer][:, :, self.filled : end] = value
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]


class Attention(nn.Module):
    """Causal attention of `heads` queries over `kv_heads` keys and values, each of head_dim."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        self.query = nn.Linear(config.hidden_size, self.heads * self.head_dim, bias=False)
        self.key = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.value = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.output = nn.Linear(self.heads * self.head_dim, config.hidden_size, bias=False)
        self.query_norm = RMSNorm(self.head_dim, config.norm_eps) if config.qk_norm else nn.Identity()
        self.key_norm = RMSNorm(self.head_dim, config.norm_eps) if config.qk_norm else nn.Identity()

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, T, d) -> queries (B, heads, T, head_dim), keys and values (B, kv_heads, T, head_dim)."""
        batch, length, _ = x.shape
        query = self.query_norm(self.query(x).view(batch, length, self.heads, self.head_dim))
        key = self.key_norm(self.key(x).view(batch, length, self.kv_heads, self.head_dim))
        value = self.value(x).view(batch, length, self.kv_heads, self.head_dim)
        query, key, value = (part.transpose(1, 2) for part in (query, key, value))
        return rotate(query, cos, sin), rotate(key, cos, sin), value

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        """(B, heads, T, head_dim) over (B, kv_heads, S, head_dim) -> (B, T, d)."""
        grouped = self.heads != self.kv_heads
        x = F.scaled_dot_product_attention(query, key, value, mask, is_causal=causal, enable_gqa=grouped)
        return self.output(x.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        return self.attend(*self.project(x, cos, sin), None, True)


class MLP(nn.Module):
    """SwiGLU: down(silu(gate(x)) · up(x)) (Shazeer 2020)."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.gate = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """Attention and MLP, each on the normalised residual stream and added to it."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.attention_norm = RMSNorm(config.hidden_size, config.norm_eps)
        self.attention = Attention(config)
        self.mlp_norm = RMSNorm(config.hidden_size, config.norm_eps)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.mlp(self.mlp_norm(x))


class Head(nn.Module):
    """The output projection, with the loss inside: sharding by module gathers the weight for both."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.weight: Tensor = nn.Parameter(torch.empty(config.vocab_size, config.hidden_size))

    def forward(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        """x (B, T, d) -> logits (B, T, V) in x's dtype; with targets (B, T), their mean loss (0-d, fp32)."""
        if targets is None:
            return F.linear(x, self.weight)
        return linear_cross_entropy(x.flatten(0, 1), self.weight, targets.flatten())


class Transformer(nn.Module):
    """The model. Its weights are initialised (see `init_weights`) from torch's global generator.

    The blocks' parameters of two dimensions are the matrices that Muon takes; the embedding, the head and the
    norms' weights are the rest. Tied embeddings are one parameter in two modules.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.hidden_size, config.norm_eps)
        self.head = Head(config)
        if config.tie_embeddings:
            self.head.weight = self.embedding.weight
        cos, sin = rope_tables(config)
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.init_weights()

    @torch.no_grad()
    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Initial values, normal around 0 where a deviation is given:

        | parameter                      | value                    | why                                   |
        | ------------------------------ | ------------------------ | ------------------------------------- |
        | embedding, head                | 0.32 / √d                | logits deviate by 0.32: loss ≈ ln V   |
        | query, key, value, gate, up    | 1 / √fan_in              | unit variance in, unit variance out   |
        | attention's output, MLP's down | 1 / √(fan_in · 2 layers) | the residual stream's variance stays  |
        | norms                          | 1                        |                                       |
        | RoPE tables                    | cos, sin                 | for a model made on `meta`            |
        """
        residual = 1.0 / math.sqrt(2 * self.config.layers)
        vocabulary = 0.32 / math.sqrt(self.config.hidden_size)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1:
                parameter.fill_(1.0)
            elif name.startswith(("embedding", "head")):
                parameter.normal_(0.0, vocabulary, generator=generator)
            else:
                scale = residual if name.endswith(("attention.output.weight", "mlp.down.weight")) else 1.0
                parameter.normal_(0.0, scale / math.sqrt(parameter.shape[1]), generator=generator)
        cos, sin = rope_tables(self.config, self.cos.device)
        self.cos.copy_(cos)
        self.sin.copy_(sin)

    def forward(self, tokens: Tensor, targets: Tensor | None = None) -> Tensor:
        """Logits (B, T, V) of tokens (B, T) int64; with targets (B, T), their mean loss in nats (0-d, fp32).

        targets[b, t] is the token that follows tokens[b, t]; -100 counts for nothing. T may not exceed
        config.max_sequence_length.
        """
        return self.head(self.hidden_states(tokens), targets)

    def hidden_states(self, tokens: Tensor) -> Tensor:
        """What the head is applied to: tokens (B, T) -> (B, T, d)."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    @torch.no_grad()
    def step(self, tokens: Tensor, cache: KVCache) -> Tensor:
        """Logits (B, V) after the last of tokens (B, T), which follow the cache's and are added to them."""
        start, end = cache.filled, cache.filled + tokens.shape[1]
        columns = torch.arange(end, device=tokens.device)
        # Clamped: padding has no position, nor has a row that ended at the window while others go on.
        positions = (columns[start:] - cache.padding[:, None]).clamp(0, self.config.max_sequence_length - 1)
        cos, sin = self.cos[positions].unsqueeze(1), self.sin[positions].unsqueeze(1)
        # A row's padding sees itself only: it must see something, or its NaN would spread through the values.
        mask = (columns <= columns[start:, None]) & (columns >= cache.padding[:, None, None])
        mask = (mask | (columns == columns[start:, None])).unsqueeze(1)
        x = self.embedding(tokens)
        for layer, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            query, key, value = block.attention.project(block.attention_norm(x), cos, sin)
            x = x + block.attention.attend(query, *cache.extend(layer, key, value), mask, False)
            x = x + block.mlp(block.mlp_norm(x))
        cache.filled = end
        return self.head(self.norm(x[:, -1:]))[:, 0]

    def parameter_counts(self) -> dict[str, int]:
        """Parameters by role: embedding, attention, mlp, norms, head (0 if tied), and their total."""
        counts = dict.fromkeys(("embedding", "attention", "mlp", "norms", "head"), 0)
        for name, parameter in self.named_parameters():
            parts = name.split(".")
            role = parts[2] if parts[0] == "blocks" else parts[0]
            counts["norms" if parameter.ndim == 1 else role] += parameter.numel()
        return counts | {"total": sum(counts.values())}

    def flops_per_token(self, sequence_length: int) -> int:
        """Floating-point operations of one token's forward and backward pass in sequences of this length.

        Counted from the modules: 6 per weight of every matrix that multiplies (the head too, though it be
        tied; the embedding is a look-up), and 12 · heads · head_dim · T / 2 per layer for scores and mixing,
        since the mean causal query sees half the sequence (PaLM's count doesn't halve). Norms, RoPE and
        softmax are not counted.
        """
        config = self.config
        weights = sum(part.weight.numel() for part in self.modules() if isinstance(part, nn.Linear | Head))
        return 6 * (weights + config.layers * config.heads * config.head_dim * sequence_length)
