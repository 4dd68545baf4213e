"""Clusters of near-duplicates and their survivors."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.dedup.clusters.clustering import Members, choose, priorities
    from tasks.dedup.clusters.members import COLUMNS, gather, verifier
    from tasks.dedup.clusters.removals import REMOVED, cluster_metrics, removal_columns, write_survivors
    from tasks.dedup.clusters.samples import top_clusters
else:
    __getattr__ = hand_on(__name__)
