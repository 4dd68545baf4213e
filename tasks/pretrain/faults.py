"""Faults put into a run on purpose: a hook for tests, and for showing that the guard works.

Not reachable from pipeline.yaml: `Job.faults`, or the environment variable SMELT_FAULTS, a JSON list of
`{"step": n, "kind": "nan"}` and `{"step": n, "kind": "scale", "factor": 100, "steps": 20}`. A fault belongs
to the batches that those steps take in a run without faults, so a batch that is left out takes its fault
along.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

VARIABLE = "SMELT_FAULTS"


def from_environment() -> list[dict[str, Any]]:
    """The faults of SMELT_FAULTS; none if it is unset."""
    return json.loads(os.environ.get(VARIABLE) or "[]")


def factor(faults: Iterable[Mapping[str, Any]], position: int) -> float:
    """What the loss of the batch at a position is multiplied by.

    >>> [factor([{"step": 2, "kind": "scale", "factor": 100, "steps": 2}], position) for position in range(4)]
    [1.0, 100.0, 100.0, 1.0]
    """
    product = 1.0
    for fault in faults:
        first = fault["step"] - 1
        if first <= position < first + fault.get("steps", 1):
            product *= math.nan if fault["kind"] == "nan" else fault["factor"]
    return product
