"""The chance of every block to belong to the main text: a forest over all blocks, and a second look at some.

The first forest judges a block by its features; the second one sees what the first said of the blocks around it
(`context`) and has the last word on every block that the first one hasn't ruled out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tasks.ingest.extract.blocks import context, features, scan
from tasks.ingest.extract.blocks.trees import Forest

WEIGHTS = Path(__file__).with_name("weights.json")
SECOND_NAMES = (*features.NAMES, *context.NAMES)


@dataclass(frozen=True)
class Model:
    """first: over `features.NAMES`; second: over `SECOND_NAMES`."""

    first: Forest
    second: Forest

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Model:
        return cls(
            Forest.from_json(value["first"], features.NAMES), Forest.from_json(value["second"], SECOND_NAMES)
        )

    def to_json(self) -> dict[str, Any]:
        return {"first": self.first.to_json(features.NAMES), "second": self.second.to_json(SECOND_NAMES)}

    def chances(self, page: scan.Scan, described: np.ndarray) -> np.ndarray:
        """float32 (n,), about 0 to 1, from the features of all blocks (`select.describe`)."""
        chances = self.first.predict(described)
        again, surrounded = context.surround(page, described, chances)
        chances[again] = self.second.predict(surrounded)
        return chances


@cache
def shipped() -> Model:
    """The model of `weights.json`."""
    return Model.from_json(json.loads(WEIGHTS.read_text(encoding="ascii")))
