"""The guard over a training run: it sees NaN, spikes and slow divergence, and says what to do about them.

What others do, and what it cost them, decided the rules:

- The statistics are robust and of the logarithm of the loss: the median and the median absolute deviation of
  the accepted steps. An outlier never enters the history, so neither a NaN nor a spike can blind the guard
  or make healthy steps look sick (OLMo-core's skip-step lets a NaN into its window).
- A loss is known before the optimizer moves. A step whose loss lies above `limit` is not applied at all:
  parameters, moments and schedule stay as if the batch had never been seen (multiplying the gradients by
  zero would let NaN through: 0 · NaN is NaN).
- A gradient norm is known only inside the optimizer's step, which clips it: one large norm is tolerated;
  many in a short time are a spike.
- Several outliers in a short time mean that the parameters are sick rather than the batch: back to a
  checkpoint from before the first of them, and past the batches that did it (PaLM: restart ~100 steps
  earlier, skip 200-500 batches; the same batches were harmless elsewhere). Every further rollback before the
  trouble is passed leaves out twice as many batches and lowers the learning rate.
- A slow divergence has no outliers: the median of the last losses is compared with the lowest that it ever
  was.
- Rollbacks are a budget. When it is spent the run stops, and says why.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from pydantic import Field

from tasks.node import Config

Action = Literal["continue", "skip", "rollback", "stop"]
ACTIONS: tuple[Action, ...] = ("continue", "skip", "rollback", "stop")
SIGMA = 1.4826  # median absolute deviation -> standard deviation of a normal distribution
SMALLEST = 1e-8  # a loss of 0 has no logarithm


class GuardConfig(Config):
    """When a step is an outlier, and what follows. Rises are natural logarithms: 0.3 is 1.35 times."""

    window: int = Field(default=128, ge=8)  # accepted steps that make up the history
    warmup: int = Field(default=32, ge=4)  # accepted steps before spikes are looked for (NaN always is)
    threshold: float = Field(default=6.0, gt=0)  # deviations above the median at which a loss is an outlier
    rise: float = Field(default=0.3, gt=0)  # of log-loss; less is no outlier at any deviation
    norm_threshold: float = Field(default=10.0, gt=0)  # the same two for the gradient norm
    norm_rise: float = Field(default=2.3, gt=0)
    patience: int = Field(default=5, ge=1)  # this many outliers among the last 4 * patience steps: roll back
    drift: float = Field(default=0.25, gt=0)  # of the median log-loss over its lowest: slow divergence
    drift_window: int = Field(default=64, ge=8)  # accepted steps of which that median is taken
    skip_batches: int = Field(default=32, ge=0)  # batches left out beyond the offending ones after a rollback
    rate_factor: float = Field(default=0.5, gt=0, le=1)  # on the learning rate from a second rollback on
    max_rollbacks: int = Field(default=5, ge=0)  # in the whole run; then it stops


@dataclass(frozen=True)
class Decision:
    """What to do with a step.

    action: "continue"; "skip": the step must not be, or was not, applied: repeat it with the next batch;
        "rollback": load a checkpoint from before step `since` and leave its batches out; "stop".
    reason: one sentence with the numbers; empty for an ordinary step, filled where something was tolerated.
    kind: "" | "nan" | "spike" | "norm" | "drift".
    since: the first step of the trouble.
    """

    action: Action
    reason: str = ""
    kind: str = ""
    since: int = 0


class SpikeGuard:
    """Watches one run: `limit` before every step, `observe` after it, `rolled_back` after each rollback."""

    def __init__(self, config: GuardConfig | None = None):
        self.config = config or GuardConfig()
        self.losses: deque[float] = deque(maxlen=self.config.window)  # log-losses of accepted steps
        self.norms: deque[float] = deque(maxlen=self.config.window)
        self.recent: deque[float] = deque(maxlen=self.config.drift_window)
        self.outliers: deque[tuple[int, int]] = deque()  # (observation, step)
        self.observed = 0
        self.lowest = math.inf  # of the median of `recent`
        self.lowest_step = 0
        self.rollbacks = 0
        self.in_row = 0  # rollbacks since the last trouble was passed
        self.trial_until = 0  # the step at which that is said

    def limit(self) -> float:
        """The loss above which the coming step is an outlier (infinite while warming up), exact in fp32."""
        if len(self.losses) < self.config.warmup:
            return math.inf
        log_limit = _log_limit(self.losses, self.config.threshold, self.config.rise)
        return _fp32(math.exp(log_limit)) if log_limit < 88 else math.inf

    def observe(self, step: int, loss: float, grad_norm: float | None) -> Decision:
        """The verdict on a step that has been computed. grad_norm None: not known."""
        self.observed += 1
        decision = self._judge(step, loss, grad_norm)
        if self.in_row and step >= self.trial_until and decision.action == "continue":
            self.in_row = 0
        return decision

    def rolled_back(self, state: dict[str, Any], trouble: int) -> None:
        """Take the history from a checkpoint's `state`; rollbacks count on. trouble: the step given up."""
        rollbacks, in_row = self.rollbacks, self.in_row
        self.load_state_dict(state)
        self.rollbacks, self.in_row = rollbacks + 1, in_row + 1
        self.trial_until = trouble + 4 * self.config.patience
        self.outliers.clear()

    @property
    def rate(self) -> float:
        """Factor on the learning rate: below 1 from the second rollback at one trouble until it is passed."""
        return self.config.rate_factor ** max(0, self.in_row - 1)

    @property
    def margin(self) -> int:
        """Batches to leave out beyond the offending ones at the next rollback."""
        return self.config.skip_batches * 2**self.in_row

    def state_dict(self) -> dict[str, Any]:
        """Plain values for the checkpoint."""
        return {
            "losses": list(self.losses),
            "norms": list(self.norms),
            "recent": list(self.recent),
            "outliers": [list(pair) for pair in self.outliers],
            **{name: getattr(self, name) for name in _SCALARS},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.losses = deque(state["losses"], maxlen=self.config.window)
        self.norms = deque(state["norms"], maxlen=self.config.window)
        self.recent = deque(state["recent"], maxlen=self.config.drift_window)
        self.outliers = deque((int(seen), int(step)) for seen, step in state["outliers"])
        for name in _SCALARS:
            setattr(self, name, state[name])

    def _judge(self, step: int, loss: float, norm: float | None) -> Decision:
        if not math.isfinite(loss):
            return self._outlier(step, "nan", f"loss is {loss}")
        limit = self.limit()
        if loss > limit:
            return self._outlier(step, "spike", f"loss {loss:.4g} is above the limit {limit:.4g}")
        if norm is not None and not math.isfinite(norm):
            return self._outlier(step, "nan", f"gradient norm is {norm}")
        reason = ""
        if norm is not None and self._norm_is_outlier(norm):
            reason = f"gradient norm {norm:.4g} against a median of {math.exp(median(self.norms)):.4g}"
            decision = self._outlier(step, "norm", reason)
            if decision.action != "skip":
                return decision
        elif norm is not None:
            self.norms.append(math.log(max(norm, SMALLEST)))
        self._accept(loss)
        return self._check_drift(step) or Decision("continue", reason, "norm" if reason else "", step)

    def _outlier(self, step: int, kind: str, reason: str) -> Decision:
        span = 4 * self.config.patience
        self.outliers.append((self.observed, step))
        while self.outliers[0][0] <= self.observed - span:
            self.outliers.popleft()
        if len(self.outliers) < self.config.patience:
            return Decision("skip", reason, kind, step)
        return self._give_up(
            kind, f"{reason}; {len(self.outliers)} outliers in {span} steps", self.outliers[0][1]
        )

    def _give_up(self, kind: str, reason: str, since: int) -> Decision:
        if self.rollbacks >= self.config.max_rollbacks:
            return Decision(
                "stop", f"{reason}; all {self.config.max_rollbacks} rollbacks are spent", kind, since
            )
        return Decision("rollback", reason, kind, since)

    def _norm_is_outlier(self, norm: float) -> bool:
        if len(self.norms) < self.config.warmup:
            return False
        limit = _log_limit(self.norms, self.config.norm_threshold, self.config.norm_rise)
        return math.log(max(norm, SMALLEST)) > limit

    def _accept(self, loss: float) -> None:
        value = math.log(max(loss, SMALLEST))
        self.losses.append(value)
        self.recent.append(value)

    def _check_drift(self, step: int) -> Decision | None:
        if len(self.recent) < self.config.drift_window:
            return None
        level = median(self.recent)
        if level < self.lowest:
            self.lowest, self.lowest_step = level, step
        elif level > self.lowest + self.config.drift:
            then, now = math.exp(self.lowest), math.exp(level)
            reason = f"the median loss rose from {then:.4g} at step {self.lowest_step} to {now:.4g}"
            return self._give_up("drift", reason, self.lowest_step)
        return None


_SCALARS = ("observed", "lowest", "lowest_step", "rollbacks", "in_row", "trial_until")


def _log_limit(history: deque[float], threshold: float, rise: float) -> float:
    middle = median(history)
    deviation = SIGMA * median(abs(value - middle) for value in history)
    return middle + max(threshold * deviation, rise)


def _fp32(value: float) -> float:
    return struct.unpack("f", struct.pack("f", value))[0]
