"""Log-probabilities of chosen tokens, in batches of like length, without a full matrix of logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from model import Transformer

LOGITS_AT_A_TIME = 1 << 22  # 16 MiB in fp32


@dataclass(frozen=True)
class Row:
    """A sequence, and the tokens whose probabilities are wanted.

    tokens: what the model reads; positions, targets: of equal length; targets[i] is judged as the successor
    of tokens[positions[i]]. Several targets may share a position.
    """

    tokens: Sequence[int]
    positions: Sequence[int]
    targets: Sequence[int]


@torch.inference_mode()
def score(model: Transformer, rows: Sequence[Row], batch_tokens: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each row: log-probabilities in nats, float64 (n,); whether each target is the likeliest, bool (n,).

    batch_tokens bounds the padded size of a batch. Softmax is in fp32; only wanted positions are projected.
    """
    found: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0, bool))] * len(rows)
    device = model.embedding.weight.device
    for batch in batches([len(row.tokens) for row in rows], batch_tokens):
        width = max(len(rows[index].tokens) for index in batch)
        tokens = torch.zeros(len(batch), width, dtype=torch.int64)
        for line, index in enumerate(batch):
            tokens[line, : len(rows[index].tokens)] = torch.as_tensor(rows[index].tokens, dtype=torch.int64)
        lines = [line for line, index in enumerate(batch) for _ in rows[index].targets]
        places = [place for index in batch for place in rows[index].positions]
        targets = torch.tensor([target for index in batch for target in rows[index].targets], device=device)
        hidden = model.hidden_states(tokens.to(device))[lines, places]
        logs, likeliest = _project(model, hidden, targets)
        start = 0
        for index in batch:
            end = start + len(rows[index].targets)
            found[index] = (logs[start:end], likeliest[start:end])
            start = end
    return found


def batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices, longest first, in groups whose number times longest length is within batch_tokens."""
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        if group and (len(group) + 1) * lengths[group[0]] > batch_tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _project(model: Transformer, hidden: Tensor, targets: Tensor) -> tuple[np.ndarray, np.ndarray]:
    logs, likeliest = [], []
    step = max(1, LOGITS_AT_A_TIME // model.config.vocab_size)
    for start in range(0, len(targets), step):
        logits = model.head(hidden[start : start + step].unsqueeze(0))[0].float()
        wanted = targets[start : start + step].unsqueeze(1)
        chosen = logits.gather(1, wanted)
        logs.append((chosen - logits.logsumexp(1, keepdim=True)).squeeze(1).double().cpu().numpy())
        likeliest.append((chosen.squeeze(1) >= logits.max(1).values).cpu().numpy())
    if not logs:
        return np.empty(0), np.empty(0, bool)
    return np.concatenate(logs), np.concatenate(likeliest)
