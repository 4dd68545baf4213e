"""Signals in, verdicts out: a profile's rules held against the thresholds. No text is read here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.errors import ConfigError
from tasks.filter.config import Config
from tasks.filter.families import FAMILIES
from tasks.filter.profiles import resolve
from tasks.filter.rules import Rule

VERDICTS = pa.schema(
    [
        ("verdict", pa.string()),  # kept | dropped
        ("rule", pa.string()),  # the first that failed, in the profile's order; null if kept
        ("failed_rules", pa.list_(pa.string())),  # all that failed, in that order
        ("score", pa.float64()),  # what the first failed rule saw
        ("threshold", pa.float64()),  # and what it was held against
    ]
)

# Families whose signals aren't measured from the text alone, and one of the columns they need.
MEASURED_APART = {"language": "language", "url": "url_hard_words", "dclm_edits": "removed_word_ratio"}


def judge(
    scores: pa.Table | pa.RecordBatch, profile: str = "fineweb", config: Config | None = None
) -> pa.Table:
    """A verdict for each row of signals: the columns of `VERDICTS`, in the rows' order.

    scores: what `score` returns; with the columns `language` and `language_score` beside it the language rule
    is applied too, with a URL's signals its rules, with `removed_word_ratio` DCLM's on edits; without them these
    are left out.
    profile: a name in `config.profiles`, which says which families run and in which order.
    config: the thresholds; the defaults of `tasks.filter.config.Config` if not given. Those of
    `config.languages` need the column `language`, those of a programming language `code_language`.
    Raises ConfigError for an unknown profile or missing signals.
    """
    scores = pa.Table.from_batches([scores]) if isinstance(scores, pa.RecordBatch) else scores
    config = config or Config()
    if profile not in config.profiles:
        raise ConfigError(f"There is no filter profile {profile!r}; there are: {', '.join(config.profiles)}.")
    groups = by_language(scores, config)
    if list(groups) == [None] or not groups:
        return _judge(scores, profile, resolve(config, profile))
    parts = [
        _judge(scores.take(pa.array(rows)), profile, resolve(config, profile, name))
        for name, rows in groups.items()
    ]
    order = np.argsort(np.concatenate(list(groups.values())), kind="stable")
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks()


def by_language(scores: pa.Table | pa.RecordBatch, config: Config) -> dict[str | None, np.ndarray]:
    """The rows of each language that has thresholds of its own in `config.languages`; the rest's under None.

    The language of source code is its programming language, whatever its comments are written in.
    """
    there = [name for name in ("language", "code_language") if name in scores.schema.names]
    columns = (scores.column(name).to_pylist() for name in there)
    rows: dict[str | None, list[int]] = {}
    for row, names in enumerate(zip(*columns, strict=True)):
        name = next((name for name in reversed(names) if name is not None), None)
        rows.setdefault(name if name in config.languages else None, []).append(row)
    return {name: np.array(found) for name, found in rows.items()}


def _judge(scores: pa.Table, profile: str, config: Any) -> pa.Table:
    """Verdicts by the sections of a resolved configuration."""
    rules = active_rules(config, measured_families(config.profiles[profile], scores.schema.names))
    columns = _columns(scores, rules)
    values = [rule.values(columns, getattr(config, family)) for family, rule, _ in rules]
    failed = [rule.fails(seen, limit) for (_, rule, limit), seen in zip(rules, values, strict=True)]
    names = [rule_name(family, rule) for family, rule, _ in rules]
    return _verdicts(scores.num_rows, names, values, [limit for _, _, limit in rules], failed)


def measured_families(families: Iterable[str], names: Collection[str]) -> list[str]:
    """The families whose signals can be among the columns `names`."""
    return [name for name in families if MEASURED_APART.get(name) in (None, *names)]


def rule_name(family: str, rule: Rule) -> str:
    """A rule's name in the ledger: its threshold's key below `filter`, unless it has a name of its own."""
    return rule.name or f"{family}.{rule.key}"


def active_rules(config: Config, families: Any) -> list[tuple[str, Rule, float]]:
    """(family, rule, threshold) of the rules that aren't turned off, in order."""
    return [
        (family, rule, float(limit))
        for family in families
        for rule in FAMILIES[family].RULES
        if (limit := getattr(getattr(config, family), rule.key)) is not None
    ]


def _columns(scores: Any, rules: list[tuple[str, Rule, float]]) -> dict[str, np.ndarray]:
    wanted = {rule.signal for _, rule, _ in rules}
    if "language" in scores.schema.names:
        wanted |= {"language", "language_score"} & set(scores.schema.names)
    missing = sorted(wanted - set(scores.schema.names))
    if missing:
        raise ConfigError(
            f"The scores lack the signals {', '.join(missing)}: they were computed by other rules."
        )
    return {name: scores.column(name).to_numpy() for name in sorted(wanted)}


def _verdicts(
    rows: int, names: list[str], values: list[np.ndarray], limits: list[float], failed: list[np.ndarray]
) -> pa.Table:
    """The table, from what each rule saw and whether it failed."""
    matrix = np.array(failed, dtype=bool).reshape(len(names), rows).T  # document by rule
    seen = np.array(values, dtype=np.float64).reshape(len(names), rows).T
    dropped = matrix.any(axis=1)
    first = matrix.argmax(axis=1) if names else np.zeros(rows, dtype=np.int64)
    kept = ~dropped
    name_of = np.array([*names, ""], dtype=object)
    limit_of = np.array([*limits, 0.0])
    columns = [
        pa.array(np.where(dropped, "dropped", "kept").astype(object), pa.string()),
        pa.array(name_of[first], pa.string(), mask=kept),
        _lists(matrix, names),
        pa.array(seen[np.arange(rows), first] if names else np.zeros(rows), mask=kept),
        pa.array(limit_of[first], mask=kept),
    ]
    return pa.Table.from_arrays(columns, schema=VERDICTS)


def _lists(matrix: np.ndarray, names: list[str]) -> pa.Array:
    """For each row of the matrix the names of its true columns."""
    offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))]).astype(np.int32)
    items = np.array([*names, ""], dtype=object)[np.nonzero(matrix)[1]]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(items, pa.string()))
