"""Clusters of verified pairs, and who survives in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.dedup.index import Index
from tasks.dedup.pairs import Batches
from tasks.dedup.sets import ShingleSets
from tasks.jit import compiled

CLUSTERS = pa.schema(
    [
        ("id", pa.string()),
        ("cluster", pa.string()),  # the smallest id in it
        ("survivor", pa.string()),  # the document that is kept in its place; a survivor names itself
        ("similarity", pa.float64()),  # verified, to that survivor
    ]
)
TRIES = 64  # survivors of its cluster with which a document from a large bucket is compared


@dataclass(frozen=True)
class Choice:
    """What became of the documents that have a duplicate, by position, ascending.

    members: int64 (n,). cluster, survivor: int64 (n,), positions. similarity: float64 (n,). A member whose
    survivor is itself is kept.
    """

    members: np.ndarray
    cluster: np.ndarray
    survivor: np.ndarray
    similarity: np.ndarray

    @property
    def removed(self) -> np.ndarray:
        return self.members != self.survivor

    def table(self, index: Index) -> pa.Table:
        """As `CLUSTERS`, sorted by cluster, then id."""
        order = np.lexsort((self.members, self.cluster))
        ids = index.signatures["id"]
        columns = [ids.take(column[order]) for column in (self.members, self.cluster, self.survivor)]
        return pa.table(dict(zip(CLUSTERS.names, [*columns, self.similarity[order]], strict=True))).cast(
            CLUSTERS
        )


def choose(
    index: Index,
    pairs: pa.Table,
    priority: np.ndarray,
    documents: Batches,
    ngram: int,
    threshold: float,
    folder: Path | None = None,
) -> Choice:
    """Takes documents in order of priority; removes one only for a survivor that it is verifiably similar to.

    index: with the columns id and normal. pairs: `PAIRS`. priority: int64, by position, each number once; the
    smallest comes first (see `priorities`). documents: as in `find_pairs`.

    Clusters are the connected components of the pairs and of equal normal texts. A document goes if its
    similarity to a document that survived before it reaches the threshold; the most similar one is named. So
    a chained cluster may keep several. A document from a bucket that was too large to verify every pair is
    compared with the first `TRIES` survivors of its cluster now; a miss can only keep it.
    """
    ids = index.signatures["id"]
    ones, others = (pc.index_in(pairs[name], ids).to_numpy().astype(np.int64) for name in ("a", "b"))
    copies = np.flatnonzero(index.originals != np.arange(len(index)))
    clusters = _components(
        np.concatenate([ones, copies]), np.concatenate([others, index.originals[copies]]), len(index)
    )
    members = np.unique(np.concatenate([ones, others, copies, index.originals[copies]]))
    sampled = pairs["sampled"].to_numpy()
    verify = _verifier(index, clusters, ones[sampled], documents, ngram, threshold, folder)
    survivor, similarity = _take(
        index, members, (ones, others, pairs["similarity"].to_numpy()), sampled, priority, clusters, verify
    )
    return Choice(members, clusters[members], survivor, similarity)


Verify = Callable[[int, Sequence[int]], tuple[int, float] | None]


def _verifier(
    index: Index,
    clusters: np.ndarray,
    sampled: np.ndarray,
    documents: Batches,
    ngram: int,
    threshold: float,
    folder: Path | None,
) -> Verify:
    """Finds the first survivor that a document is similar to, of those given, with its similarity."""
    chosen = np.isin(clusters, np.unique(clusters[sampled])) & (index.originals == np.arange(len(index)))
    if not len(sampled):
        return lambda text, survivors: None
    sets = ShingleSets(documents(), index.positions, chosen, ngram, folder)

    def verify(text: int, survivors: Sequence[int]) -> tuple[int, float] | None:
        for survivor in survivors[:TRIES]:
            similarity = sets.similarity(text, survivor)
            if similarity >= threshold:
                return survivor, similarity
        return None

    return verify


def _take(
    index: Index,
    members: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    sampled: np.ndarray,
    priority: np.ndarray,
    clusters: np.ndarray,
    verify: Verify,
) -> tuple[np.ndarray, np.ndarray]:
    """Survivor and similarity of each member. Copies share one turn, that of the best of them."""
    originals = index.originals[members]
    order = np.argsort(priority[members])
    first: dict[int, int] = {}  # original -> its copy of the best priority, in order of priority
    for original, member in zip(originals[order].tolist(), members[order].tolist(), strict=True):
        first.setdefault(original, member)
    similar: dict[int, list[tuple[int, float]]] = {}
    for one, other, value in zip(*(column.tolist() for column in pairs), strict=True):
        similar.setdefault(one, []).append((other, value))
        similar.setdefault(other, []).append((one, value))
    unsure = set(pairs[0][sampled].tolist()) | set(pairs[1][sampled].tolist())
    kept: dict[int, list[int]] = {}  # cluster -> the originals that survive, in order of priority
    fate: dict[int, tuple[int, float]] = {}  # original -> the original that survives for it, similarity
    for original in first:
        alive = [
            (-value, priority[first[other]], other)
            for other, value in similar.get(original, ())
            if fate.get(other, (-1, 0.0))[0] == other
        ]
        survivors = kept.setdefault(int(clusters[original]), [])
        if alive:
            value, _, other = min(alive)
            fate[original] = other, -value
        elif original in unsure and (found := verify(original, survivors)):
            fate[original] = found
        else:
            fate[original] = original, 1.0
            survivors.append(original)
    ends = [fate[int(original)] for original in originals]
    return np.array([first[end] for end, _ in ends], np.int64), np.array(
        [value for _, value in ends], np.float64
    )


@compiled
def _components(ones, others, size):
    """The smallest position in the connected component of each position."""
    parents = np.arange(size)
    for pair in range(len(ones)):
        one = ones[pair]
        other = others[pair]
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        while parents[other] != other:
            parents[other] = parents[parents[other]]
            other = parents[other]
        parents[max(one, other)] = min(one, other)
    for i in range(size):
        parents[i] = parents[parents[i]]  # a parent is smaller, and done
    return parents


def priorities(signatures: pa.Table, rules: Sequence[str], sources: Sequence[str]) -> np.ndarray:
    """Each row's place in the order of the rules, int64, each number once; 0 is taken first.

    Rules, the first that tells two documents apart decides: "source" (as listed in `sources`; those not
    listed come last, alike), "length" (the longer text), "date" (the newer; none comes last), "id" (the
    smaller one; always the last rule). A minus in front turns a rule round ("-date": the older; none still
    comes last).
    """
    keys = []
    for rule in [*rules, "id"]:
        name, sign = rule.lstrip("-"), -1 if rule.startswith("-") else 1
        if name == "source":
            places = pc.index_in(signatures["source"], pa.array(list(sources), pa.string())).fill_null(
                len(sources)
            )
            keys.append(sign * places.to_numpy().astype(np.int64))
        elif name == "length":
            keys.append(-sign * signatures["length"].to_numpy())
        elif name == "date":
            dates = pc.unique(signatures["date"]).drop_null().sort()
            places = pc.index_in(signatures["date"], dates).to_numpy(zero_copy_only=False)
            keys.append(np.nan_to_num(-sign * places.astype(np.float64), nan=np.inf))
        else:
            keys.append(sign * np.arange(len(signatures)))
    order = np.lexsort(keys[::-1])
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places
