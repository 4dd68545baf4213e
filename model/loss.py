"""Cross-entropy of a projection to a vocabulary, a slice of rows at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

IGNORE = -100  # a target that counts for nothing, torch's default
# Logits alive at a time, by device. On a CPU 2^21 (8 MiB in fp32) was the quickest of 2^19 .. 2^24.
CHUNK_ELEMENTS = {"cpu": 1 << 21, "cuda": 1 << 26}


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The mean of -log softmax(hidden @ weight.T)[target], in nats, over the targets that aren't `IGNORE`.

    hidden: (N, d); weight: (V, d), of one dtype; targets: (N,) int64. The products, the gradients' too, are in that
    dtype, or in autocast's where it is on; softmax, loss and the sum of the weight's gradient over slices are in
    fp32. Returns a 0-d fp32 tensor, 0 if every target is `IGNORE`. Logits exist for a slice of rows only: gradients
    are made beside the loss, in the same pass (the idea of Liger-Kernel's fused linear cross-entropy), so there is
    neither a full matrix of logits nor a second projection. Can be differentiated once.
    """
    if torch.is_grad_enabled() and (hidden.requires_grad or weight.requires_grad):
        return _LinearCrossEntropy.apply(hidden, weight, targets)
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    for rows in _slices(hidden, weight):
        total = total + _slice_loss(hidden[rows], weight, targets[rows])[0]
    return total / _count(targets)


def _product_dtype(hidden: Tensor) -> torch.dtype:
    """What autocast would multiply in: it doesn't see the in-place products below."""
    device = hidden.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype


def _slices(hidden: Tensor, weight: Tensor) -> list[slice]:
    rows = hidden.shape[0]
    size = max(1, min(rows, CHUNK_ELEMENTS.get(hidden.device.type, 1 << 26) // weight.shape[0]))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _count(targets: Tensor) -> Tensor:
    return (targets != IGNORE).sum().clamp(min=1).float()


def _slice_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Summed loss (0-d), exp(logits - row's maximum) (n, V), and its sums over the vocabulary (n, 1)."""
    logits = (hidden @ weight.t()).float()
    chosen = logits.gather(1, targets.clamp(min=0).unsqueeze(1))
    highest = logits.amax(dim=1, keepdim=True)
    powers = logits.sub_(highest).exp_()
    sums = powers.sum(dim=1, keepdim=True)
    losses = sums.log() + highest - chosen
    return torch.where(targets.unsqueeze(1) != IGNORE, losses, 0.0).sum(), powers, sums


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        count = _count(targets)
        dtypes = hidden.dtype, weight.dtype
        hidden, weight = (matrix.to(_product_dtype(hidden)) for matrix in (hidden, weight))
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        weight_grad = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        hidden_grads = []
        for rows in _slices(hidden, weight):
            loss, powers, sums = _slice_loss(hidden[rows], weight, targets[rows])
            total = total + loss
            share = (targets[rows] != IGNORE).float().unsqueeze(1) / count
            grad = powers.mul_(share / sums)
            grad = grad.scatter_add_(1, targets[rows].clamp(min=0).unsqueeze(1), -share).to(hidden.dtype)
            hidden_grads.append(grad @ weight)
            if grad.dtype == torch.float32:
                weight_grad = weight_grad.addmm_(grad.t(), hidden[rows])
            else:
                weight_grad = weight_grad.add_(grad.t() @ hidden[rows])
        ctx.save_for_backward(torch.cat(hidden_grads).to(dtypes[0]), weight_grad.to(dtypes[1]))
        return total / count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden_grad, weight_grad = ctx.saved_tensors
        scale = grads[0].to(hidden_grad.dtype)
        return hidden_grad * scale, weight_grad * scale, None
