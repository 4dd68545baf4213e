"""`smelt tune`: what other thresholds would keep and drop, from a run's signals. No text is read, nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tasks.errors import ConfigError
from tasks.filter import verdicts
from tasks.filter.replay.batches import filter_config, first_with_signals, signal_batches
from tasks.filter.replay.overlap import Overlap
from tasks.story import Run, numeric

if TYPE_CHECKING:
    import pyarrow as pa

Configured = Callable[[Sequence[str]], Mapping[str, Any]]

MOST_EXAMPLES = 20
MOST_STEPS = 100


@dataclass
class Tally:
    """What one configuration keeps and drops; bytes are of UTF-8 text."""

    kept: int = 0
    kept_bytes: int = 0
    dropped: int = 0
    dropped_bytes: int = 0
    reasons: Overlap = field(default_factory=Overlap)

    def add(self, verdicts: pa.Table, sizes: Any) -> None:
        kept = _kept(verdicts)
        self.kept += int(kept.sum())
        self.dropped += int((~kept).sum())
        self.kept_bytes += int(sizes[kept].sum())
        self.dropped_bytes += int(sizes[~kept].sum())
        self.reasons.add(verdicts["failed_rules"])

    def as_json(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("kept", "kept_bytes", "dropped", "dropped_bytes")}
        return counts | self.reasons.as_json()


@dataclass
class Flips:
    """Documents whose verdict turns: how many, from where, and the first `MOST_EXAMPLES` of them.

    rules: by the rule that names the reason, of the side on which they are dropped.
    """

    documents: int = 0
    bytes: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, turned: Any, documents: pa.RecordBatch, signals: pa.RecordBatch, verdicts: pa.Table
    ) -> None:
        """turned: bool for each document; verdicts: those of the side that drops."""
        import pyarrow as pa

        if not turned.any():
            return
        rows = pa.array(turned.nonzero()[0])
        found, measured, judged = documents.take(rows), signals.take(rows), verdicts.take(rows)
        sizes = measured.column("bytes").to_pylist()
        languages = [name or "unknown" for name in measured.column("language").to_pylist()]
        self.documents += len(sizes)
        self.bytes += sum(sizes)
        self.sources.update(found.column("source").to_pylist())
        self.languages.update(languages)
        self.rules.update(judged["rule"].to_pylist())
        shown = MOST_EXAMPLES - len(self.examples)
        columns = (found.slice(0, shown).to_pylist(), judged.slice(0, shown).to_pylist(), sizes, languages)
        for document, verdict, size, language in zip(*columns, strict=False):
            told = {name: verdict[name] for name in ("rule", "failed_rules", "score", "threshold")}
            self.examples.append(document | {"language": language, "bytes": size} | told)

    def as_json(self) -> dict[str, Any]:
        counters = {
            name: dict(getattr(self, name).most_common()) for name in ("rules", "sources", "languages")
        }
        return {"documents": self.documents, "bytes": self.bytes, **counters, "examples": self.examples}


@dataclass(frozen=True)
class Step:
    """One value of a sweep, and what it would keep."""

    value: Any
    tally: Tally


@dataclass(frozen=True)
class Tuning:
    """The run's filter as it was, and as it would be.

    changes: (key, was, would be). sweep: the key that is swept, with its steps; None without one.
    notes: what keeps the comparison from being exact.
    """

    run: str
    changes: list[tuple[str, Any, Any]]
    before: Tally
    after: Tally
    newly_kept: Flips
    newly_dropped: Flips
    sweep: str | None = None
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run": self.run,
            "changes": [{"key": key, "was": was, "now": now} for key, was, now in self.changes],
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "newly_kept": self.newly_kept.as_json(),
            "newly_dropped": self.newly_dropped.as_json(),
            "sweep": self.sweep and {
                "key": self.sweep,
                "steps": [{"value": step.value, **step.tally.as_json()} for step in self.steps],
            },
            "notes": list(self.notes),
        }  # fmt: skip


def tune(runs: Iterable[Run], configured: Configured, overrides: Sequence[str] = (),
         sweep: str | None = None) -> Tuning:  # fmt: skip
    """Compares the filter of the first run that has signals with what the pipeline file and `overrides` say.

    configured: node -> configuration, as the pipeline file has it under overrides.
    overrides: "filter.family.key=value". sweep: "filter.family.key=from:to:step" or "...=a,b,c", on top of them.
    Raises ConfigError for keys that a replay can't change, StageError where no run's signals are there.
    """
    for override in overrides:
        _check_key(override.partition("=")[0], "--set")
    key, values = _swept(sweep) if sweep else (None, [])
    configs = configured(overrides)
    run = first_with_signals(runs)
    before, after = filter_config(run), configs["filter"]
    steps = [(value, _with(configured, overrides, after, str(key), value)) for value in values]
    changes = list(_differing(before.identity(), after.identity(), "filter"))
    found = Tuning(run.id, changes, Tally(), Tally(), Flips(), Flips(), key,
                   tuple(Step(value, Tally()) for value, _ in steps))  # fmt: skip
    for batch in signal_batches(run):
        _replay(found, batch.documents, batch.signals, before, after, [config for _, config in steps])
    return _with_notes(found, run, configs)


def _replay(found: Tuning, documents: pa.RecordBatch, signals: pa.RecordBatch, before: Any, after: Any,
            steps: list[Any]) -> None:  # fmt: skip
    import numpy as np

    judge = verdicts.judge_kinds
    sizes = np.asarray(signals.column("bytes").to_numpy(zero_copy_only=False), dtype=np.int64)
    was, now = judge(documents, signals, before), judge(documents, signals, after)
    found.before.add(was, sizes)
    found.after.add(now, sizes)
    found.newly_kept.add(_kept(now) & ~_kept(was), documents, signals, was)
    found.newly_dropped.add(_kept(was) & ~_kept(now), documents, signals, now)
    for step, config in zip(found.steps, steps, strict=True):
        step.tally.add(judge(documents, signals, config), sizes)


def _kept(verdicts: pa.Table) -> Any:
    import pyarrow.compute as pc

    return pc.equal(verdicts["verdict"], "kept").to_numpy()


def _measured_otherwise(run: Run, configs: Mapping[str, Any], name: str) -> bool:
    """Whether the pipeline file configures a node otherwise than the run did."""
    node, mine = run.node(name), configs[name]
    if node is None:
        return False
    try:
        return bool(type(mine).model_validate(node.config).identity() != mine.identity())
    except ValueError:  # another version's configuration
        return True


def _with_notes(found: Tuning, run: Run, configs: Mapping[str, Any]) -> Tuning:
    notes = []
    node = run.nodes.get("filter")
    counted = numeric(node.metrics.get("documents_out")) if node is not None else None
    if counted is not None and counted != found.before.kept:
        notes.append(
            f"the run kept {counted:,} documents, its rules as they are coded now keep {found.before.kept:,}"
        )
    if any(_measured_otherwise(run, configs, name) for name in ("filter-edits", "filter-signals")):
        notes.append("the pipeline file also changes what is measured, which needs a run: `smelt plan`")
    after: Any = configs["filter"]
    used = {family for profile in set(after.kinds.values()) for family in after.profiles[profile]}
    changed = {
        key.split(".")[1] for key in [*(key for key, _, _ in found.changes), *filter(None, [found.sweep])]
    }
    for family in sorted(changed - used - {"profiles", "kinds", "languages"}):
        notes.append(f"no profile that documents meet names the family {family}: its thresholds do nothing")
    return replace(found, notes=tuple(notes))


def _check_key(key: str, option: str) -> None:
    """Only what the verdicts are made of can be replayed."""
    config = verdicts.Config
    first, _, rest = key.partition(".")
    name, _, below = rest.partition(".")
    fields = config.model_fields
    measured = name == "quality" and below != "min_score"  # the rest says how the classifier was trained
    if first != "filter" or name not in fields or measured:
        raise ConfigError(
            f"{option} {key}: `smelt tune` replays thresholds and profiles, filter.<family>.<key> with the families "
            f"{', '.join(name for name in fields if name not in ('profiles', 'languages', 'kinds'))}; "
            f"anything else needs a run: `smelt plan --set {key}=...` says what it would cost"
        )


def _swept(sweep: str) -> tuple[str, list[Any]]:
    """The key and the values of --sweep.

    >>> _swept("filter.fineweb.min_terminal_lines=0.05:0.2:0.05")
    ('filter.fineweb.min_terminal_lines', [0.05, 0.1, 0.15, 0.2])
    """
    key, _, text = sweep.partition("=")
    said = f"--sweep {sweep}: write it as key=from:to:step, or key=a,b,c"
    _check_key(key, "--sweep")
    try:
        if ":" in text:
            low, high, step = (Decimal(part) for part in text.split(":"))
            if step <= 0 or high < low or (high - low) / step >= MOST_STEPS:
                raise ConfigError(f"{said}; upwards, with at most {MOST_STEPS} steps")
            numbers = [low + n * step for n in range(int((high - low) / step) + 1)]
        else:
            numbers = [Decimal(part) for part in text.split(",")]
    except (InvalidOperation, ValueError):
        raise ConfigError(said) from None
    if not all(number.is_finite() for number in numbers) or len(numbers) > MOST_STEPS:
        raise ConfigError(said)
    return key, [int(number) if number == number.to_integral_value() else float(number) for number in numbers]


def _with(configured: Configured, overrides: Sequence[str], config: Any, key: str, value: Any) -> Any:
    """The filter's configuration with one key changed."""
    from pydantic import ValidationError

    told = config.model_dump()
    here, parts = told, key.split(".")[1:]
    for part in parts[:-1]:
        here = here.get(part) if isinstance(here, dict) else None
    if isinstance(here, dict):
        here[parts[-1]] = value
        try:
            return type(config).model_validate(told)
        except ValidationError:
            pass
    configured([*overrides, f"{key}={value}"])  # says what is wrong, and where
    raise ConfigError(f"--sweep {key}: {value} is no value for it")


def _differing(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differing(old.get(key), new.get(key), f"{path}.{key}")
    elif old != new:
        yield path, old, new
