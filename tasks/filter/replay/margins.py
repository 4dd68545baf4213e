"""How near documents come to the thresholds of their profile's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Held:
    """One rule held against documents.

    name: the rule's, as in the ledger. bound: "min" or "max". values, thresholds: float64, one for each document; a
    threshold is not a number where the rule is turned off.
    """

    name: str
    signal: str
    bound: str
    values: np.ndarray
    thresholds: np.ndarray

    def failed(self) -> np.ndarray:
        """Which documents fail, bool; equality passes and what is no number fails, where there is a threshold."""
        import numpy as np

        met = self.values >= self.thresholds if self.bound == "min" else self.values <= self.thresholds
        return ~met & ~np.isnan(self.thresholds)

    def margins(self) -> np.ndarray:
        """How far on the good side, as a share of the threshold (of 1 where that is 0); failures are below 0."""
        import numpy as np

        distance = self.values - self.thresholds
        scale = np.where(self.thresholds == 0, 1.0, np.abs(self.thresholds))
        margins = np.round((distance if self.bound == "min" else -distance) / scale, 4) + 0.0  # no -0
        return np.where(np.isnan(self.thresholds), np.inf, margins)


def held_against(signals: Any, profile: str, config: Any) -> list[Held]:
    """The active rules of a profile, in order, held against signals (what `judge` takes, a table or batch)."""
    import numpy as np

    from tasks.filter.families import FAMILIES
    from tasks.filter.judging import by_language, measured_families, rule_name
    from tasks.filter.profiles import resolve

    names = signals.schema.names
    families = measured_families(config.profiles[profile], names)
    columns = {name: _array(signals.column(name)) for name in names}
    groups: list[tuple[Any, Any]] = [(np.full(signals.num_rows, True), resolve(config, profile))]
    groups += [
        (rows, resolve(config, profile, name)) for name, rows in by_language(signals, config).items() if name
    ]
    held = []
    for family, rule in ((name, rule) for name in families for rule in FAMILIES[name].RULES):
        values = np.zeros(signals.num_rows)
        thresholds = np.full(signals.num_rows, np.nan)  # where the rule is turned off
        for rows, resolved in groups:
            section = getattr(resolved, family)
            limit = getattr(section, rule.key)
            thresholds[rows] = np.nan
            if limit is not None:
                values[rows], thresholds[rows] = rule.values(columns, section)[rows], float(limit)
        if not np.isnan(thresholds).all():
            held.append(Held(rule_name(family, rule), rule.signal, rule.bound, values, thresholds))
    return held


def _array(column: Any) -> np.ndarray:
    """A column as the rules see it: numbers as float64, null is no number; anything else as objects."""
    import numpy as np
    import pyarrow as pa

    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return np.array(column.to_pylist(), dtype=np.float64 if numeric else object)
