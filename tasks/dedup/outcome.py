"""The node dedup: documents without duplicates, and their ledger, one shard per file of documents.

A shard depends on its file and on what was removed from it; the rest is written by `finish`.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks import node
from tasks.dedup.paragraphs import RULE, Option
from tasks.errors import StageError
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics

VERSION = 3
PACKAGES = ()
INPUTS = (
    "filter/documents",
    "dedup-survivors/removed",
    "dedup-survivors/clusters",
    "dedup-survivors/top",
    "dedup-repeats/cuts",
    "dedup-repeats/drops",
)
STORY = "tasks.dedup.story"
VOLATILE = ("samples",)
CLUSTERS = "clusters"  # the key of the shard that stands for the cluster table


class Alarm(node.Config):
    """A source that loses more than this share of its documents is named in the log and the report; one with
    fewer documents isn't looked at. fail: end the run there."""

    share: float = Field(default=0.5, ge=0, le=1)
    documents: int = Field(default=1000, ge=1)
    fail: bool = False


class Config(Option):
    """threshold: as dedup-matches had it, for the ledger. alarm: null turns it off. paragraphs: those that an earlier
    document has are cut; the option's other keys are read by the nodes before."""

    threshold: float = Field(default=0.75, gt=0, le=1)
    alarm: Alarm | None = Alarm()


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    """A shard for each file, and one that changes with the cluster table, which no file's shard depends on."""
    settings: dict[str, Any] = {"threshold": config.threshold}
    parts = {"removed": inputs["dedup-survivors/removed"]}
    if config.paragraphs is not None:
        settings["max_cut"] = config.paragraphs.max_cut
        parts |= {name: inputs[f"dedup-repeats/{name}"] for name in ("cuts", "drops")}
    shards = [
        Shard(
            file.key,
            settings,
            {"documents": [file]} | {name: [replace(files[n], name=name)] for name, files in parts.items()},
        )
        for n, file in enumerate(inputs["filter/documents"])
    ]
    tables = {name: inputs[f"dedup-survivors/{name}"] for name in ("clusters", "top")}
    alarm = None if config.alarm is None else config.alarm.identity()
    return [*shards, Shard(CLUSTERS, {}, tables, {"alarm": alarm})]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes documents.parquet and ledger.parquet of a file, where paragraphs are cut edits.parquet (id, rule, count,
    bytes taken out) and samples.parquet (id, rule, text), too; of the cluster table only its metrics."""
    if "clusters" in shard.inputs:
        import pyarrow.parquet as pq

        from tasks.dedup.clusters import cluster_metrics

        return ShardResult(cluster_metrics(pq.read_table(shard.inputs["clusters"][0].path)))
    from tasks.dedup.verdicts import NEAR, write_file

    paths = {name: files[0].path for name, files in shard.inputs.items()}
    limits = {NEAR: shard.config["threshold"], RULE: shard.config.get("max_cut")}
    return ShardResult(write_file(paths, limits, out))


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    """Writes clusters.parquet; adds the largest clusters with samples, and the alarm."""
    from tasks.dedup.clusters import top_clusters

    tables = shards[-1].inputs
    shutil.copyfile(tables["clusters"][0].path, out / "clusters.parquet")
    metrics: dict[str, Any] = merge_metrics(result.metrics for result in results)
    documents = [shard.inputs["documents"][0].path for shard in shards[:-1]]
    metrics["top_clusters"] = top_clusters(tables["top"][0].path, documents)
    alarm = shards[-1].runtime["alarm"]
    metrics["alarms"] = alarms(metrics["sources"], alarm) if alarm else []
    if alarm and alarm["fail"] and metrics["alarms"]:
        raise StageError(
            f"dedup: {'; '.join(metrics['alarms'])}. Look at the clusters (dedup.alarm.fail: false lets them pass "
            "and shows them in the report), or raise dedup.alarm.share."
        )
    return metrics


def alarms(sources: dict[str, dict[str, int]], alarm: dict[str, Any]) -> list[str]:
    """A sentence for each source that lost more than the share that `Alarm` allows."""
    found = []
    for name, counts in sorted(sources.items()):
        into, lost = counts["documents_in"], counts["documents_in"] - counts["documents_out"]
        if into >= alarm["documents"] and lost > alarm["share"] * into:
            found.append(
                f"the source {name!r} lost {lost:,} of {into:,} documents as duplicates, more than "
                f"{alarm['share']:.0%}"
            )
    return found
