"""What a run would do, and why: each node is reused or run, with the reason at field level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.run.prepare import Prepared, StoreInputs, prepare, shard_fingerprint
from flows.settings import Settings
from flows.store import FileDigests, Miss, Store, source_closure
from tasks.errors import NotAskedYet
from tasks.nodes import NODES, load, stage_of, stages

NEWEST = 16  # former artifacts of a node among which a plan looks for the nearest


@dataclass
class Step:
    """One node's entry in a plan.

    action: "reuse", "run", or "wait" (an upstream node runs first; reused if that comes out the same).
    reason: why, in words.
    seconds: what the node cost the last time it ran, or None.
    """

    node: str
    action: str
    reason: str
    fingerprint: str | None = None
    seconds: float | None = None
    shards: int | None = None
    shards_reused: int | None = None
    drift: bool = False

    @property
    def stage(self) -> str:
        return stage_of(self.node)


class Selection:
    """Which stages a command touches (--only, --from, --to) and which it runs in any case (--force)."""

    def __init__(
        self, *, only: str | None = None, first: str | None = None, last: str | None = None,
        force: Collection[str] = (),
    ):  # fmt: skip
        order = list(stages())
        start = order.index(begin) if (begin := only or first) else 0
        end = order.index(finish) if (finish := only or last) else len(order) - 1
        self.stages = order[start : end + 1]
        self.before = order[:start]
        self.force = set(force)

    def nodes(self) -> list[str]:
        return [node for node in NODES if stage_of(node) in self.stages]

    def needed(self) -> list[str]:
        """The nodes before the selection: reused as they are, never run."""
        return [node for node in NODES if stage_of(node) in self.before]


def file_digests(store: Store) -> FileDigests:
    """What the store remembers of files outside it."""
    return FileDigests(store.root / ".runs" / "digests.json")


def make_plan(settings: Settings, selection: Selection) -> list[Step]:
    """The plan of a run. Reads manifests and external files' stats (hashing only files that are new); no network."""
    store = Store(settings.store)
    files = file_digests(store)
    manifests: dict[str, Mapping[str, Any]] = {}
    steps: list[Step] = []
    blocked = None if sample_is_built(settings) else "the sample corpus is not built yet"
    for node in filter(settings.wants, [*selection.needed(), *selection.nodes()]):
        step, manifest = _plan_node(node, settings, store, files, manifests, blocked, selection)
        if manifest is not None:
            manifests[node] = manifest
        if node in selection.nodes():
            steps.append(step)
        elif manifest is None:
            step.reason = f"{step.reason}; it lies before the selected stages: run it first"
            steps.append(step)
    files.save()
    return steps


def sample_is_built(settings: Settings) -> bool:
    from tasks.sample import build as sample

    return settings.sample is None or sample.is_built(settings.sample)


def _plan_node(
    node: str,
    settings: Settings,
    store: Store,
    files: FileDigests,
    manifests: Mapping[str, Mapping[str, Any]],
    blocked: str | None,
    selection: Selection,
) -> tuple[Step, Mapping[str, Any] | None]:
    [seconds] = [manifest["seconds"] for manifest in store.artifacts(node, 1)] or [None]
    sources = [name for name in settings.upstream(node) if name not in manifests]
    if blocked and not load(node).INPUTS:  # reads sources
        return Step(node, "run", blocked, seconds=seconds), None
    if sources:
        reason = f"waits for {', '.join(sources)}; reused if that comes out the same"
        return Step(node, "wait", reason, seconds=seconds), None
    inputs = StoreInputs(store, settings.root, files, manifests)
    try:
        prepared = prepare(node, settings.configs[node], inputs, manifests)
    except NotAskedYet as error:
        return Step(node, "run", str(error), seconds=seconds), None
    found = store.lookup(node, prepared.fingerprint)
    step = Step(node, "run", "", prepared.fingerprint, seconds, len(prepared.shards), len(prepared.shards))
    if stage_of(node) in selection.force:
        step.reason, step.shards_reused = "forced", 0
        return step, None
    if isinstance(found, Miss):
        step.shards_reused = sum(
            not isinstance(store.lookup_shard(node, shard_fingerprint(prepared, shard)), Miss)
            for shard in prepared.shards
        )
    if unknown := inputs.remote.unknown:
        step.reason, step.fingerprint = _unknown(unknown), None
        return step, None
    if isinstance(found, Miss):
        step.reason = explain_miss(prepared, found, store.artifacts(node, NEWEST))
        return step, None
    step.action, step.reason = "reuse", f"made {found['end'][:19].replace('T', ' ')}"
    if inputs.remote.recalled:
        step.reason += f", its remote files as they were on {inputs.remote.recalled[:19].replace('T', ' ')}"
    step.drift = found["closure"] != source_closure(str(prepared.module.__file__))
    if step.drift:
        step.reason += "; its code has changed since without a new VERSION (drift)"
    return step, found


def _unknown(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 1:,} more" if len(addresses) > 1 else ""
    return f"{addresses[0]}{more}: unknown until the run, a plan uses no network"


def explain_miss(prepared: Prepared, miss: Miss, former: Sequence[Mapping[str, Any]]) -> str:
    """Why there is no artifact to reuse, against the nearest former one."""
    if miss.reason == "manifest.json is missing":
        return "was interrupted; goes on where it stopped"
    if miss.reason != "no artifact":
        return f"its artifact is damaged: {miss.reason}"
    if not former:
        return "never run"
    # Of several former artifacts the one that differs least says most; the newest of those.
    reasons = min((differences(prepared.payload, manifest["payload"]) for manifest in former), key=len)
    return "; ".join(reasons) or "its artifact is gone"


def differences(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """What differs between two payloads, a phrase each, keys as in pipeline.yaml."""
    stage = stage_of(new["node"])
    changed = _changed(old["config"], new["config"], stage)
    found = [f"{path}: {_shown(was)} → {_shown(now)}" for path, was, now in changed]
    found += [
        f"{name} {old['packages'].get(name, 'absent')} → {version}"
        for name, version in new["packages"].items()
        if old["packages"].get(name) != version
    ]
    if new["version"] != old["version"]:
        found.append(f"code version {old['version']} → {new['version']}")
    was = old.get("versions", {})
    found += [
        f"code version of {name} {was[name]} → {version}"
        for name, version in new.get("versions", {}).items()
        if was.get(name, version) != version
    ]
    roles = sorted({*new["inputs"], *old["inputs"]})
    found += [f"input {role} changed" for role in roles if new["inputs"].get(role) != old["inputs"].get(role)]
    if not found and new.get("shards") != old.get("shards"):
        found.append("what its shards add to the configuration changed (Unicode's version, a resolved dtype)")
    return found


def _changed(old: Any, new: Any, path: str) -> list[tuple[str, Any, Any]]:
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        old, new = dict(enumerate(old)), dict(enumerate(new))
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [(path, old, new)]
    keys = sorted({*old, *new})
    return [item for key in keys for item in _changed(old.get(key), new.get(key), f"{path}.{key}")]


def _shown(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
