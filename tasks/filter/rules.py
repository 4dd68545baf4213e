"""What a filter family is made of.

A family is a module with `Config`, its thresholds with their defaults, and `RULES`, each of which holds one
signal against one threshold. Families only look: what a rule sees has been measured before (`scoring`), and
nothing here changes a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tasks.node import Config

if TYPE_CHECKING:
    import numpy as np

Columns = Mapping[str, Any]  # signal -> numpy array, one value per document


@dataclass(frozen=True)
class Rule:
    """One signal, one bound.

    key: the threshold's key in the family's Config; a threshold of None turns the rule off.
    signal: the column that it looks at.
    bound: "min" fails below the threshold, "max" above it; equality passes.
    measure: where the column alone doesn't say it, the values to compare, from the columns and the Config.
    name: the rule's name in the ledger; "<family>.<key>" where empty.
    """

    key: str
    signal: str
    bound: Literal["min", "max"]
    measure: Callable[[Columns, Config], np.ndarray] | None = None
    name: str = ""

    def values(self, columns: Columns, config: Config) -> np.ndarray:
        """What is compared, float64, one value per document."""
        found = columns[self.signal] if self.measure is None else self.measure(columns, config)
        return found.astype("float64", copy=False)

    def fails(self, values: np.ndarray, threshold: float) -> np.ndarray:
        """Which documents fail, bool. A value that is not a number fails."""
        return ~(values >= threshold) if self.bound == "min" else ~(values <= threshold)


def at_least(key: str, signal: str) -> Rule:
    """Fails below the threshold."""
    return Rule(key, signal, "min")


def at_most(key: str, signal: str) -> Rule:
    """Fails above the threshold."""
    return Rule(key, signal, "max")
