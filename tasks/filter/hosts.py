"""Node filter-hosts: which document of its host each one is, in an order that only the ids decide.

Two files of the same documents, in whatever shards and order, give every document the same place. Caps are
thresholds of the filter: another one reads neither texts nor hosts again. Without a cap there is no such node.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.filter.urls import family
from tasks.node import Config as NodeConfig
from tasks.node import Inputs, Shard, ShardResult

if TYPE_CHECKING:
    import numpy as np

VERSION = 1
PACKAGES: tuple[str, ...] = ()
INPUTS = ("filter-signals/signals",)
SINGLE = True


class Config(NodeConfig):
    """url: the family's thresholds, which only say whether the node is wanted."""

    url: family.Config = family.Config()

    def identity(self) -> dict[str, Any]:
        return {}


def wanted(config: Config) -> bool:
    """Whether the node is part of the DAG: whether there is a cap."""
    return config.url.caps


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """One shard over all signals."""
    return [Shard("all", config.identity(), {"signals": inputs["filter-signals/signals"]})]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes hosts/<key>.parquet for every file of signals, in the documents' order.

    id; host_rank: 1 for the first document of its host; host_share: that number divided by all documents that
    have a host. A document without one has 0 in both.
    """
    import numpy as np
    import pyarrow as pa

    from tasks.document import TableWriter, read_batches

    schema = pa.schema([("id", pa.string()), ("host_rank", pa.int64()), ("host_share", pa.float64())])
    files = shard.inputs["signals"]
    found: list[np.ndarray] = [np.empty((2, 0), dtype=np.uint64)]
    for batch in read_batches([file.path for file in files], ["id", "url_host"]):
        names = [batch.column(name).to_pylist() for name in ("url_host", "id")]
        hashes = [[0 if name is None else _hash(name) for name in column] for column in names]
        found.append(np.array(hashes, dtype=np.uint64))
    hosts, keys = np.concatenate(found, axis=1)
    places, total = ranks(hosts, keys)
    row = 0
    for file in files:
        with TableWriter(out / "hosts" / f"{file.key}.parquet", schema) as writer:
            for batch in read_batches([file.path], ["id"]):
                rank = places[row : row + batch.num_rows]
                share = np.round(rank / max(total, 1), 9)
                writer.write_table(
                    pa.table([batch.column("id"), pa.array(rank), pa.array(share)], schema=schema)
                )
                row += batch.num_rows
    return ShardResult({"hosts": len(np.unique(hosts[hosts != 0])), "documents_with_host": int(total)})


def ranks(hosts: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, int]:
    """Each document's place among those of its host, by key, from 1, and how many documents have a host.

    hosts, keys: uint64, hashes of host (0: none, its documents have the place 0) and id.
    """
    import numpy as np

    order = np.lexsort((keys, hosts))
    ordered = hosts[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] ^ np.uint64(1)))
    lengths = np.diff(starts, append=len(ordered))
    places = np.empty(len(hosts), dtype=np.int64)
    places[order] = np.arange(len(hosts)) - np.repeat(starts, lengths) + 1
    places[hosts == 0] = 0
    return places, int(np.count_nonzero(hosts))


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") or 1
