"""What a run writes down about itself: metrics.jsonl, events.jsonl, TensorBoard.

metrics.jsonl has one line per logged step and one per validation; its steps only rise: a resume or a
rollback cuts the lines after the step that it goes back to. events.jsonl is only ever added to, so that the
trouble stays on record.
"""

from __future__ import annotations

import json
import os
import statistics
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

METRICS, EVENTS, TENSORBOARD = "metrics.jsonl", "events.jsonl", "tensorboard"


class Recorder:
    """The files of one run's folder; only rank 0 has one."""

    def __init__(self, folder: Path, *, tensorboard: bool):
        self.folder, self._with_tensorboard = folder, tensorboard
        self._metrics: TextIO | None = None
        self._board: Any = None

    def go_back(self, step: int) -> None:
        """Forget the metrics after a step: training goes on from there."""
        self.close()
        path = self.folder / METRICS
        if path.exists():
            kept = [line for line in path.read_text().splitlines(keepends=True) if _step(line) <= step]
            temporary = path.with_suffix(".part")
            temporary.write_text("".join(kept))
            os.replace(temporary, path)
        if self._with_tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / TENSORBOARD), purge_step=step + 1 if step else None)

    def metrics(self, line: dict[str, Any]) -> None:
        """Add a line, which has a step."""
        if self._metrics is None:
            self._metrics = (self.folder / METRICS).open("a", encoding="utf-8")
        self._metrics.write(json.dumps(line) + "\n")
        self._metrics.flush()
        if self._board is not None:
            for name, value in line.items():
                if name != "step":
                    self._board.add_scalar(name, value, line["step"])

    def event(self, step: int, event: str, **detail: Any) -> None:
        """Add a line to events.jsonl, and say it on standard output."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"step": step, "event": event, "detail": detail, "time": now}
        with (self.folder / EVENTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        said = ", ".join(f"{name}: {value}" for name, value in detail.items())
        print(f"step {step}: {event}" + (f" ({said})" if said else ""), flush=True)

    def close(self) -> None:
        """Close the files; the next line opens them again."""
        if self._metrics is not None:
            self._metrics.close()
            self._metrics = None
        if self._board is not None:
            self._board.close()
            self._board = None


def _step(line: str) -> float:
    """The step of a line of metrics; infinite for a line that a crash cut off."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return float("inf")


class Meter:
    """Time spent on training steps, those that compiled included; validation and checkpoints are not in it.

    Tokens per second of a line are the tokens since the line before over the seconds since then: the lines'
    seconds and tokens add up. The run's figure is the median over steps, so neither compiling nor a pause of
    the machine counts.
    """

    def __init__(self, tokens_per_step: int, seconds: float = 0.0):
        self.tokens_per_step, self.seconds = tokens_per_step, seconds
        self.durations: deque[float] = deque(maxlen=1000)
        self._since, self._steps = seconds, 0

    def add(self, duration: float, *, typical: bool) -> None:
        """A step took so many seconds. typical: False for one that compiled, which says nothing of speed."""
        self.seconds += duration
        self._steps += 1
        if typical:
            self.durations.append(duration)

    def forget(self) -> None:
        """The steps so far were of another kind: the run's speed is that of those to come."""
        self.durations.clear()

    def lap(self) -> float:
        """Tokens per second since the last call."""
        speed = self._steps * self.tokens_per_step / max(self.seconds - self._since, 1e-9)
        self._since, self._steps = self.seconds, 0
        return speed

    @property
    def tokens_per_second(self) -> float:
        """The median of the last steps; 0 before the first."""
        return self.tokens_per_step / statistics.median(self.durations) if self.durations else 0.0
