"""AdamW, or Muon on the matrices with AdamW on the rest, as one optimizer that DeepSpeed takes.

ZeRO 1 to 3 flatten the parameters and hand each rank a slice of the flat vector. AdamW works element by
element and doesn't notice; Muon orthogonalises whole matrices. DeepSpeed 0.19 has a Muon of its own for that
case, but another one: other Newton-Schulz iterations, and its clipping measures the orthogonalised update
instead of the gradient. So Muon runs at stage 0 here, and `tasks.pretrain.distributed.layout.choose_stage` refuses it
elsewhere.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from model import Transformer
from tasks.pretrain.config import OptimizerConfig


def parameter_groups(model: Transformer, config: OptimizerConfig) -> list[dict[str, Any]]:
    """The parameters by treatment: groups with `params`, `kind` ("muon" | "adamw"), `lr` (the peak),
    `weight_decay`.

    matrices: everything in the blocks with two dimensions; the head, where it isn't the embedding, is
    decayed but never orthogonalised; embedding and norms are not decayed.
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    taken = {id(p) for p in matrices} | {id(model.embedding.weight)}
    decayed = [p for p in model.parameters() if p.ndim == 2 and id(p) not in taken]
    taken |= {id(p) for p in decayed}
    rest = [model.embedding.weight, *(p for p in model.parameters() if id(p) not in taken)]
    adamw = {"kind": "adamw", "lr": config.learning_rate}
    if config.name == "muon":
        first = {"params": matrices, "kind": "muon", "lr": config.matrix_learning_rate}
        groups = [
            first | {"weight_decay": config.matrix_weight_decay},
            adamw | {"params": decayed, "weight_decay": config.weight_decay},
        ]
    else:
        groups = [adamw | {"params": matrices + decayed, "weight_decay": config.weight_decay}]
    return [group for group in [*groups, adamw | {"params": rest, "weight_decay": 0.0}] if group["params"]]


def adamw(groups: list[dict[str, Any]], config: OptimizerConfig) -> torch.optim.AdamW:
    """torch's fused AdamW over groups."""
    return torch.optim.AdamW(groups, betas=config.betas, eps=config.epsilon, fused=True)


class WholeOptimizer(torch.optim.Optimizer):
    """Optimizers over disjoint groups that step as one, clip by the global norm, and skip what isn't finite.

    For ZeRO stage 0, where parameters and gradients are whole and equal on every rank. As DeepSpeed's ZeRO
    optimizers do, it leaves `_global_grad_norm` (before clipping) and `overflow` (True: nothing was changed).
    """

    def __init__(self, groups: list[dict[str, Any]], config: OptimizerConfig, clip: float):
        self.clip, self.overflow, self._global_grad_norm = clip, False, 0.0
        self.parts: list[torch.optim.Optimizer] = []
        matrices = [group for group in groups if group["kind"] == "muon"]
        if matrices:
            own: dict[str, Any] = {"momentum": config.momentum, "ns_steps": config.newton_schulz_steps}
            self.parts.append(torch.optim.Muon(matrices, nesterov=True, adjust_lr_fn="original", **own))
        self.parts.append(adamw([group for group in groups if group["kind"] == "adamw"], config))
        super().__init__([group for part in self.parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """The parts see this optimizer's groups and state: there is one of each, to save and to load."""
        muon = [group for group in self.param_groups if group["kind"] == "muon"]
        rest = [group for group in self.param_groups if group["kind"] == "adamw"]
        for part in self.parts:
            part.param_groups = muon if isinstance(part, torch.optim.Muon) else rest
            part.state = self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take groups and moments from `state_dict()`."""
        super().load_state_dict(state_dict)
        self._share()

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Clip and update, unless the global norm isn't finite."""
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        self._global_grad_norm = float(nn.utils.get_total_norm(gradients))
        self.overflow = not math.isfinite(self._global_grad_norm)
        if self.overflow:
            return
        if self._global_grad_norm > self.clip:
            torch._foreach_mul_(gradients, self.clip / (self._global_grad_norm + 1e-6))
        for part in self.parts:
            part.step()
