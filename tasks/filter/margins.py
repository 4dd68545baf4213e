"""How near documents come to the thresholds of their profile's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Held:
    """One rule held against documents.

    name: the rule's, as in the ledger. bound: "min" or "max". values, thresholds: float64, one for each document.
    """

    name: str
    signal: str
    bound: str
    values: np.ndarray
    thresholds: np.ndarray

    def failed(self) -> np.ndarray:
        """Which documents fail, bool; equality passes and what is no number fails."""
        return ~(self.values >= self.thresholds) if self.bound == "min" else ~(self.values <= self.thresholds)

    def margins(self) -> np.ndarray:
        """How far on the good side, as a share of the threshold (of 1 where that is 0); failures are below 0."""
        import numpy as np

        distance = self.values - self.thresholds
        scale = np.where(self.thresholds == 0, 1.0, np.abs(self.thresholds))
        return np.round((distance if self.bound == "min" else -distance) / scale, 4) + 0.0  # no -0


def held_against(signals: Any, profile: str, config: Any) -> list[Held]:
    """The active rules of a profile, in order, held against signals (what `judge` takes, a table or batch)."""
    import numpy as np

    from tasks.filter.judging import active_rules, rule_name

    names = signals.schema.names
    families = [name for name in config.profiles[profile] if name != "language" or "language" in names]
    columns = {name: _array(signals.column(name)) for name in names}
    return [
        Held(
            rule_name(family, rule),
            rule.signal,
            rule.bound,
            rule.values(columns, getattr(config, family)),
            np.full(signals.num_rows, limit),
        )
        for family, rule, limit in active_rules(config, families)
    ]


def _array(column: Any) -> np.ndarray:
    """A column as the rules see it: numbers as float64, null is no number; anything else as objects."""
    import numpy as np
    import pyarrow as pa

    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return np.array(column.to_pylist(), dtype=np.float64 if numeric else object)
