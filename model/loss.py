"""Cross-entropy of a projection to a vocabulary, a slice of rows at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

IGNORE = -100  # a target that counts for nothing, torch's default
CHUNK_ELEMENTS = 1 << 21  # logits alive at a time: 8 MiB in fp32


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The mean of -log softmax(hidden @ weight.T)[target] in nats over the targets that aren't `IGNORE`, 0 if all are.

    hidden: (N, d); weight: (V, d), of one dtype; targets: (N,) int64. Softmax and loss are in fp32. Returns a 0-d
    fp32 tensor. Logits exist for a slice of rows only: gradients are made beside the loss, in the same pass (the idea
    of Liger-Kernel's fused linear cross-entropy), so there is neither a full matrix of logits nor a second
    projection. Can be differentiated once.
    """
    if torch.is_grad_enabled() and (hidden.requires_grad or weight.requires_grad):
        return _LinearCrossEntropy.apply(hidden, weight, targets)
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    for rows in _slices(hidden.shape[0], weight.shape[0]):
        total = total + _slice_loss(hidden[rows], weight, targets[rows])[0]
    return total / _count(targets)


def _slices(rows: int, vocab_size: int) -> list[slice]:
    size = max(1, min(rows, CHUNK_ELEMENTS // vocab_size))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _count(targets: Tensor) -> Tensor:
    return (targets != IGNORE).sum().clamp(min=1).float()


def _slice_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Summed loss (0-d), logits (n, V), log-sum-exp (n, 1), and the targets with `IGNORE` replaced (n, 1)."""
    logits = (hidden @ weight.t()).float()
    normaliser = torch.logsumexp(logits, dim=-1, keepdim=True)
    index = targets.clamp(min=0).unsqueeze(1)
    losses = normaliser - logits.gather(1, index)
    return torch.where(targets.unsqueeze(1) != IGNORE, losses, 0.0).sum(), logits, normaliser, index


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        count = _count(targets)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        weight_grad = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        hidden_grads = []
        for rows in _slices(hidden.shape[0], weight.shape[0]):
            loss, logits, normaliser, index = _slice_loss(hidden[rows], weight, targets[rows])
            total = total + loss
            scale = (targets[rows] != IGNORE).float().unsqueeze(1) / count
            grad = torch.exp(logits - normaliser) * scale
            grad = grad.scatter_add(1, index, -scale).to(hidden.dtype)
            hidden_grads.append(grad @ weight)
            weight_grad = weight_grad + grad.t() @ hidden[rows]
        ctx.save_for_backward(torch.cat(hidden_grads), weight_grad.to(weight.dtype))
        return total / count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden_grad, weight_grad = ctx.saved_tensors
        return (
            hidden_grad * grads[0].to(hidden_grad.dtype),
            weight_grad * grads[0].to(weight_grad.dtype),
            None,
        )
