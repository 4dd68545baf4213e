"""Ranks, ZeRO, optimizers and checkpoints."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.pretrain.distributed import checkpoint, layout, lock, ranks
    from tasks.pretrain.distributed.engine import Engine, Outcome, start
    from tasks.pretrain.distributed.layout import choose_stage
else:
    __getattr__ = hand_on(__name__)
