"""What a filter family is made of.

A family is a module with `Config`, its thresholds with their defaults and signals, and `RULES`, each of which holds
one signal against one threshold. Families only look: what a rule sees has been measured before (`scoring`), and
nothing here changes a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

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


def at_least(threshold: float | None, signal: str) -> Any:
    """A threshold's default, and the signal that fails below it."""
    return Field(threshold, json_schema_extra={"signal": signal, "bound": "min"})


def at_most(threshold: float | None, signal: str) -> Any:
    """A threshold's default, and the signal that fails above it."""
    return Field(threshold, json_schema_extra={"signal": signal, "bound": "max"})


def rules_of(config: type[Config]) -> tuple[Rule, ...]:
    """The rules of the thresholds that are declared by `at_least` and `at_most`, in their order."""
    declared: Iterable[tuple[str, Any]] = (
        (key, info.json_schema_extra) for key, info in config.model_fields.items()
    )
    return tuple(
        Rule(key, told["signal"], told["bound"]) for key, told in declared if told and "signal" in told
    )
