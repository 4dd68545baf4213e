"""Clusters of verified pairs, and who survives in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
class Members:
    """The documents that have a duplicate, ordered by id: their place in that order stands for them.

    table: a row each, columns id, exact, length, source, date; quality where it is known.
    texts: int64 (members,), documents of one normal text have one number, 0 and up.
    pairs: int64 (n, 2), verified pairs of texts. similarity: float64 (n,). sampled: bool (n,), found in a bucket
    too large for all of its pairs.
    """

    table: pa.Table
    texts: np.ndarray
    pairs: np.ndarray
    similarity: np.ndarray
    sampled: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What became of each member: int64 (members,) places of others, float64 (members,). One whose survivor is
    itself is kept; cluster is the place of the smallest id in it."""

    cluster: np.ndarray
    survivor: np.ndarray
    similarity: np.ndarray

    @property
    def removed(self) -> np.ndarray:
        """Places, int64, ascending."""
        return np.flatnonzero(self.survivor != np.arange(len(self.survivor)))

    def exact(self, table: pa.Table, places: np.ndarray) -> np.ndarray:
        """Whether these members are the same as their survivors but for case, punctuation, accents and wrapping."""
        digests = table["exact"]
        same = pc.equal(digests.take(places), digests.take(self.survivor[places]))
        return same.to_numpy(zero_copy_only=False).astype(bool)

    def rows(self, table: pa.Table) -> pa.Table:
        """As `CLUSTERS`, sorted by cluster, then id."""
        order = np.lexsort((np.arange(len(self.cluster)), self.cluster))
        ids = table["id"]
        columns = [ids.take(column[order]) for column in (np.arange(len(ids)), self.cluster, self.survivor)]
        return pa.table([*columns, self.similarity[order]], names=CLUSTERS.names).cast(CLUSTERS)


# Finds the first of some texts, best first, that a text is similar to: its place among them, the similarity.
Verify = Callable[[int, Sequence[int]], tuple[int, float] | None]


def choose(members: Members, priority: np.ndarray, verify: Verify) -> Choice:
    """Takes documents in order of priority; removes one only for a survivor that it is verifiably similar to.

    priority: int64 (members,), each number once; the smallest comes first (see `priorities`).

    Clusters are the connected components of the pairs and of equal normal texts. A document goes if its
    similarity to a document that survived before it reaches the threshold; the most similar one is named. So
    a chained cluster may keep several. A text from a bucket that was too large to verify every pair is compared
    with the first `TRIES` survivors of its cluster now; a miss can only keep it.
    """
    size = int(members.texts.max()) + 1 if len(members.texts) else 0
    best = np.full(size, len(priority), np.int64)  # of each text's copies
    np.minimum.at(best, members.texts, priority)
    component = _components(members.pairs, size)
    smallest = np.full(size, len(priority), np.int64)
    np.minimum.at(smallest, component[members.texts], np.arange(len(priority)))
    taker = _Taker(members, best, component)
    while (text := taker.next()) is not None:
        survivors = taker.survivors(text)
        found = verify(text, survivors)
        taker.settle(text, None if found is None else (survivors[found[0]], found[1]))
    by_priority = np.empty(len(priority), np.int64)
    by_priority[priority] = np.arange(len(priority))
    fate = taker.fate[members.texts]
    return Choice(
        smallest[component[members.texts]], by_priority[best[fate]], taker.similarity[members.texts]
    )


class _Taker:
    """Takes texts in order of priority; stops at those that only verification can settle."""

    def __init__(self, members: Members, best: np.ndarray, component: np.ndarray):
        size = len(best)
        self.best, self.component, self.at = best, component, 0
        self.order = np.argsort(best)
        self.unsure = np.zeros(size, np.bool_)
        self.unsure[members.pairs[members.sampled].reshape(-1)] = True
        both = np.concatenate([members.pairs, members.pairs[:, ::-1]])
        order = np.argsort(both[:, 0], kind="stable")
        self.neighbours = both[order, 1]
        self.values = np.concatenate([members.similarity, members.similarity])[order]
        self.firsts = np.searchsorted(both[order, 0], np.arange(size + 1))
        self.fate = np.full(size, -1, np.int64)  # the text that survives for each
        self.similarity = np.ones(size)
        self.head, self.tail, self.link = (np.full(size, -1, np.int64) for _ in range(3))  # survivors

    def next(self) -> int | None:
        """The next text that has to be verified against its cluster's survivors; None at the end."""
        self.at = _take(
            self.at, self.order, self.best, self.component, self.unsure, self.firsts, self.neighbours, self.values,
            self.fate, self.similarity, self.head, self.tail, self.link,
        )  # fmt: skip
        return int(self.order[self.at]) if self.at < len(self.order) else None

    def survivors(self, text: int) -> list[int]:
        """The first of its cluster, in order of priority."""
        found: list[int] = []
        at = self.head[self.component[text]]
        while at >= 0 and len(found) < TRIES:
            found.append(int(at))
            at = self.link[at]
        return found

    def settle(self, text: int, survivor: tuple[int, float] | None) -> None:
        if survivor is None:
            self.fate[text] = text
            _survive(text, self.component, self.head, self.tail, self.link)
        else:
            self.fate[text], self.similarity[text] = survivor
        self.at += 1


@compiled
def _take(at, order, best, component, unsure, firsts, neighbours, values, fate, similarity, head, tail, link):
    """Settles texts from order[at] on; returns where it stopped, for a text that must be verified."""
    while at < len(order):
        text = order[at]
        chosen = -1
        value = 0.0
        for i in range(firsts[text], firsts[text + 1]):
            other = neighbours[i]
            if fate[other] == other and (
                chosen < 0 or values[i] > value or (values[i] == value and best[other] < best[chosen])
            ):
                chosen = other
                value = values[i]
        if chosen >= 0:
            fate[text] = chosen
            similarity[text] = value
        elif unsure[text] and head[component[text]] >= 0:
            return at
        else:
            fate[text] = text
            _survive(text, component, head, tail, link)
        at += 1
    return at


@compiled
def _survive(text, component, head, tail, link):
    cluster = component[text]
    if head[cluster] < 0:
        head[cluster] = text
    else:
        link[tail[cluster]] = text
    tail[cluster] = text


@compiled
def _components(pairs, size):
    """The smallest number in the connected component of each."""
    parents = np.arange(size)
    for pair in range(len(pairs)):
        one = pairs[pair, 0]
        other = pairs[pair, 1]
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


def priorities(table: pa.Table, rules: Sequence[str], sources: Sequence[str]) -> np.ndarray:
    """Each row's place in the order of the rules, int64, each number once; 0 is taken first.

    table: ordered by id. Rules, the first that tells two documents apart decides: "source" (as listed in
    `sources`; those not listed come last, alike), "quality" (the higher score; none comes last), "length" (the
    longer text), "date" (the newer; none comes last), "id" (the smaller one; always the last rule). A minus in
    front turns a rule round ("-date": the older; none still comes last).
    """
    keys = []
    for rule in [*rules, "id"]:
        name, sign = rule.lstrip("-"), -1 if rule.startswith("-") else 1
        if name == "source":
            places = pc.index_in(table["source"], pa.array(list(sources), pa.string())).fill_null(
                len(sources)
            )
            keys.append(sign * places.to_numpy().astype(np.int64))
        elif name == "quality" and "quality" in table.column_names:
            scores = table["quality"].cast(pa.float64()).to_numpy(zero_copy_only=False)
            keys.append(np.nan_to_num(-sign * scores, nan=np.inf))
        elif name == "length":
            keys.append(-sign * table["length"].to_numpy())
        elif name == "date":
            dates = pc.unique(table["date"]).drop_null().sort()
            places = pc.index_in(table["date"], dates).to_numpy(zero_copy_only=False)
            keys.append(np.nan_to_num(-sign * places.astype(np.float64), nan=np.inf))
        elif name == "id":
            keys.append(sign * np.arange(len(table)))
    order = np.lexsort(keys[::-1])
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places
