"""What one training run is told: a JSON file that the node writes and every rank reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tasks.pretrain.config import RunConfig

RESULT, FAILURE = "result.json", "failure.txt"  # what the run came to, or why it failed


@dataclass(frozen=True)
class Job:
    """One training run.

    config: a `RunConfig` with its dtype resolved, as plain values.
    train, validation: folders of token shards; tokenizer: the folder of tokenizer.json.
    out: the run's folder; identity: what a checkpoint must have been made of to be resumed.
    faults: for tests, see `tasks.pretrain.faults`.
    """

    config: Mapping[str, Any]
    train: str
    validation: str
    tokenizer: str
    out: str
    identity: str = ""
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def run(self) -> RunConfig:
        """The config, validated."""
        return RunConfig(**self.config)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.out)

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints are kept."""
        return self.folder / "checkpoints"

    def write(self, path: Path) -> None:
        """Store it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, sort_keys=True))

    @classmethod
    def read(cls, path: Path) -> Job:
        """The job of a JSON file."""
        return cls(**json.loads(path.read_text()))
