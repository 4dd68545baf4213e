"""The learning-rate schedule: a pure function of the step."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from tasks.node import Config


class ScheduleConfig(Config):
    """The course of the learning rate, as shares of the peak over shares of the run."""

    kind: Literal["wsd", "cosine", "constant"] = "wsd"  # wsd: warm up, stay, decay linearly
    warmup: float = Field(default=0.02, ge=0, le=1)  # share of the steps
    decay: float = Field(default=0.4, ge=0, le=1)  # wsd: share of the steps that the decay takes, at the end
    floor: float = Field(default=0.0, ge=0, le=1)  # where wsd and cosine end


def rate(config: ScheduleConfig, step: int, steps: int) -> float:
    """The share of the peak rate at a step, 1 ≤ step ≤ steps.

    The warm-up is linear and never takes the rate from 0: step 1 has one share of it already. WSD (Hu et al.
    2024) falls linearly to the floor, which the step after the last would reach; cosine falls from the end
    of the warm-up.

    >>> wsd = ScheduleConfig(kind="wsd", warmup=0.1, decay=0.5)
    >>> [round(rate(wsd, step, 10), 2) for step in (1, 2, 5, 6, 8, 10)]
    [1.0, 1.0, 1.0, 1.0, 0.6, 0.2]
    """
    warmup = round(config.warmup * steps)
    if step <= warmup:
        return step / warmup
    if config.kind == "constant":
        return 1.0
    if config.kind == "cosine":
        done = (step - 1 - warmup) / max(1, steps - warmup)
        return config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done))
    decay = min(round(config.decay * steps), steps - warmup)
    if decay == 0 or step <= steps - decay:
        return 1.0
    done = (step - 1 - (steps - decay)) / decay
    return 1 - (1 - config.floor) * done
