"""A node before it runs: its shards, what it reads, and what it is keyed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.store import FileDigests, RemoteInputs, Store, digest, package_version
from tasks.errors import StageError
from tasks.node import Config, Input, Shard
from tasks.nodes import load


class StoreInputs:
    """What a node's `partition` sees: upstream outputs, external files by content, remote ones by version.

    online: whether it may ask about remote files (a run), or has to do with what the store remembers (a plan).
    """

    def __init__(
        self,
        store: Store,
        root: Path,
        files: FileDigests,
        upstream: Mapping[str, Mapping[str, Any]],
        *,
        online: bool = False,
    ):
        self._store, self._root, self._files, self._upstream = store, root, files, upstream
        self.remote = RemoteInputs(store.root / ".remote", online)
        self.ask, self.glob, self.copy = self.remote.ask, self.remote.glob, self.remote.copy

    def __getitem__(self, name: str) -> list[Input]:
        node, output = name.split("/", 1)
        manifest = self._upstream[node]
        folder = self._store.artifact(node, manifest["fingerprint"])
        found = []
        for entry in manifest["files"]:
            if entry["output"] == output:
                # A shard's key is where it lies, not what it is; a file in a folder is known by its path.
                name = output if entry.get("shard") else entry["path"]
                found.append(Input(name, f"{folder}/{entry['path']}", entry["digest"]))
        if not found:
            raise StageError(f"{node} left no output {output!r}")
        return found

    def resolve(self, path: str) -> Path:
        return self._root / Path(path).expanduser()

    def file(self, path: Path | str, name: str) -> Input:
        known = self.remote.digest(path) if isinstance(path, str) else self._files.digest(path)
        return Input(name, str(path), known)


@dataclass(frozen=True)
class Prepared:
    """A node with its inputs known: its shards and its fingerprint, and nothing run yet."""

    node: str
    config: Config
    shards: list[Shard]
    payload: dict[str, Any]
    fingerprint: str
    inputs: dict[str, Any]

    @property
    def module(self) -> ModuleType:
        return load(self.node)

    def says(self, name: str, default: Any) -> Any:
        """What the node's module declares under a name (see tasks/node.py)."""
        return getattr(self.module, name, default)


def prepare(
    node: str, config: Config, inputs: StoreInputs, upstream: Mapping[str, Mapping[str, Any]]
) -> Prepared:
    """Partitions a node's input and computes its fingerprint; cheap, reads no data but unknown external files."""
    module = load(node)
    single = getattr(module, "SINGLE", False)
    shards = module.partition(config, inputs)
    if not shards:
        raise StageError(f"{node}: there is nothing to work on")
    if single and len(shards) != 1:
        raise StageError(f"{node}: is one job but made {len(shards)} shards")
    keys = [shard.key for shard in shards]
    if len(set(keys)) != len(keys):
        raise StageError(f"{node}: its shards' keys repeat: {keys[:5]} ...")
    roles: dict[str, list[list[str]]] = {}
    for shard in shards:
        for role, files in shard.inputs.items():
            roles.setdefault(role, []).extend([file.name, file.digest] for file in files)
    payload = {
        **_code_identity(node, module, shards),
        "config": dict(shards[0].config) if single else config.identity(),
        "inputs": {role: digest(files) for role, files in roles.items()},
        # What shards add to the configuration: Unicode's version, a resolved dtype.
        "shards": digest([shard.config for shard in shards]),
    }
    read = {}
    for name in module.INPUTS:
        source, output = name.split("/", 1)
        if source not in upstream:  # no part of this pipeline's DAG
            continue
        manifest = upstream[source]
        read[name] = {"fingerprint": manifest["fingerprint"], "digest": manifest["outputs"][output]["digest"]}
    return Prepared(node, config, shards, payload, digest(payload), read)


def _code_identity(node: str, module: ModuleType, shards: Sequence[Shard]) -> dict[str, Any]:
    """The node, its version and packages, and those that its shards add."""
    packages = {*module.PACKAGES, *(name for shard in shards for name in shard.packages)}
    versions = {name: version for shard in shards for name, version in shard.versions.items()}
    return {
        "node": node,
        "version": module.VERSION,
        "packages": {name: package_version(name) for name in packages},
        **({"versions": versions} if versions else {}),
    }


def shard_fingerprint(prepared: Prepared, shard: Shard) -> str:
    """A shard's own identity: its configuration, its inputs, the version and packages of what it runs."""
    inputs = {role: [[file.name, file.digest] for file in files] for role, files in shard.inputs.items()}
    code = _code_identity(prepared.node, prepared.module, [shard])
    return digest({**code, "config": dict(shard.config), "inputs": inputs})
