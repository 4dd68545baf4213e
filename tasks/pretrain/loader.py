"""Training batches as a pure function of (seed, position): exact across restarts and world sizes, by random
access.

Nothing is replayed on resume, and no permutation is held in memory: the order of an epoch is a bijection
computed where it is needed (OLMo-core's data position is a pure function, too; composer replays a loader
instead).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

CYCLE = 1000  # slots over which a mixture is exact
ROUNDS = 6


class Batches:
    """The global batches of a run, by position 0, 1, 2, ...

    shards: what `tasks.tokenize.shards.open_shards` returns. Its token streams, end to end, are cut into
    windows of sequence_length + 1 tokens, each window's last token being the next one's first. An epoch
    visits every window once, in an order that seed and epoch decide; batches go on from one epoch into the
    next. mixture: None, or weights by group (`TokenShards.groups`): then every group is an endless, shuffled
    stream of its own, and each 1,000 sequences hold the groups in proportion to their weights. Groups that
    it leaves out aren't read.

    A batch costs memory for itself only: the shards are memmaps. `ValueError` if a stream is shorter than
    one window, or the mixture doesn't fit.
    """

    def __init__(
        self,
        shards: Any,
        *,
        seed: int,
        sequence_length: int,
        batch_size: int,
        mixture: Mapping[str, float] | None = None,
    ):
        self.seed, self.sequence_length, self.batch_size = seed, sequence_length, batch_size
        streams = shards.groups if mixture is not None else {"": shards.streams}
        self.names, self._slots = _plan(mixture, streams, seed)
        self.windows = [_Windows(name, streams[name], sequence_length, seed) for name in self.names]
        # How many of a slot's group come before it within one cycle.
        self._before = np.zeros(len(self._slots), np.int64)
        for group in range(len(self.names)):
            chosen = self._slots == group
            self._before[chosen] = np.arange(chosen.sum())
        self._per_cycle = np.bincount(self._slots, minlength=len(self.names))

    @property
    def windows_per_epoch(self) -> int:
        """Windows of all groups that are read."""
        return sum(windows.count for windows in self.windows)

    def at(self, position: int, rows: slice | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and targets of the global batch at a position, int64 (batch_size, sequence_length) each.

        targets[b, t] is the token that follows tokens[b, t]. rows: only these of the batch (a rank's).
        """
        chosen = range(self.batch_size)[rows or slice(None)]
        block = np.empty((len(chosen), self.sequence_length + 1), np.int64)
        for row, index in enumerate(chosen):
            group, sample = self._sample(position * self.batch_size + index)
            self.windows[group].read(sample, block[row])
        return block[:, :-1], block[:, 1:]

    def _sample(self, index: int) -> tuple[int, int]:
        """(group, index in that group's endless stream) of the run's sequence of this index."""
        cycle, slot = divmod(index, len(self._slots))
        group = int(self._slots[slot])
        return group, int(cycle * self._per_cycle[group] + self._before[slot])


class _Windows:
    """The windows of one group of streams, in an order of their own for every epoch."""

    def __init__(self, name: str, streams: Sequence[np.ndarray], sequence_length: int, seed: int):
        self.name, self.length, self.seed = name, sequence_length, seed
        self.streams = [stream for stream in streams if len(stream)]
        self.starts = np.cumsum([0, *map(len, self.streams)])
        self.count = max(0, int(self.starts[-1]) - 1) // sequence_length
        if self.count == 0:
            where = f"group {name!r}" if name else "the token shards"
            raise ValueError(
                f"{where}: {int(self.starts[-1])} tokens, fewer than the {sequence_length + 1} of one window"
            )
        self._epoch: tuple[int, Permutation] | None = None

    def read(self, sample: int, row: np.ndarray) -> None:
        """Copy the window of a sample into row (length + 1)."""
        epoch, index = divmod(sample, self.count)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, Permutation(self.count, f"{self.seed}/{self.name}/{epoch}"))
        start = self._epoch[1](index) * self.length
        stream = int(np.searchsorted(self.starts, start, side="right")) - 1
        filled = 0
        while filled < len(row):
            offset = start + filled - int(self.starts[stream])
            piece = self.streams[stream][offset : offset + len(row) - filled]
            row[filled : filled + len(piece)] = piece
            filled += len(piece)
            stream += 1


class Permutation:
    """A bijection of 0 .. size-1 without a table: a Feistel network over the next power of four, walked
    until inside.

    The rounds' keys come from sha256 of `key`, so it is the same on every machine and with every library.
    The walk takes at most 4 steps of 6 rounds on average.
    """

    def __init__(self, size: int, key: str):
        self.size = size
        self.half = max(1, ((size - 1).bit_length() + 1) // 2)
        self.mask = (1 << self.half) - 1
        digest = hashlib.sha256(key.encode()).digest() + hashlib.sha256(b"+" + key.encode()).digest()
        self.keys = [int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(ROUNDS)]

    def __call__(self, index: int) -> int:
        """Where `index` goes."""
        if not 0 <= index < self.size:
            raise IndexError(f"{index} is outside 0 .. {self.size - 1}")
        value = self._encrypt(index)
        while value >= self.size:
            value = self._encrypt(value)
        return value

    def _encrypt(self, value: int) -> int:
        left, right = value >> self.half, value & self.mask
        for key in self.keys:
            left, right = right, left ^ (_mix(right + key) & self.mask)
        return left << self.half | right


def _mix(value: int) -> int:
    """A 64-bit finaliser (the constants of splitmix64): every output bit depends on every input bit."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return value ^ value >> 31


def _plan(
    mixture: Mapping[str, float] | None, streams: Mapping[str, Any], seed: int
) -> tuple[list[str], np.ndarray]:
    """The groups that are read, and the group of each slot of a cycle."""
    if mixture is None:
        return [""], np.zeros(1, np.int64)
    unknown = sorted(set(mixture) - set(streams))
    if unknown:
        raise ValueError(
            f"mixture: no group {unknown[0]!r} in the token shards, which have {sorted(streams)}"
        )
    names = sorted(name for name, weight in mixture.items() if weight > 0)
    if not names or min(mixture.values()) < 0:
        raise ValueError("mixture: weights must not be negative, and one must be above 0")
    total = sum(mixture[name] for name in names)
    shares = [mixture[name] / total * CYCLE for name in names]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(names)), key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: CYCLE - sum(counts)]:
        counts[i] += 1
    for name, count in zip(names, counts, strict=True):
        if count == 0:
            raise ValueError(f"mixture: the weight of {name!r} is below 1/{CYCLE} of the whole; leave it out")
    order = Permutation(CYCLE, f"{seed}/mixture")
    slots = np.repeat(np.arange(len(names)), counts)
    return names, slots[[order(i) for i in range(CYCLE)]]


class Skips:
    """Positions that are left out, as [start, stop) ranges; the position of a step is a pure function of
    them.

    >>> skips = Skips([(2, 4)])
    >>> [skips.position(step) for step in range(1, 6)]
    [0, 1, 4, 5, 6]
    """

    def __init__(self, ranges: Iterable[Sequence[int]] = ()):
        self.ranges: list[tuple[int, int]] = []
        for start, stop in ranges:
            self.add(start, stop)

    def add(self, start: int, stop: int) -> None:
        """Leave out start .. stop-1 too."""
        merged: list[tuple[int, int]] = []
        for a, b in sorted([*self.ranges, (start, stop)]):
            if merged and a <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
            else:
                merged.append((a, b))
        self.ranges = merged

    def position(self, step: int) -> int:
        """The position of the batch of a step (1, 2, ...)."""
        position = step - 1
        for start, stop in self.ranges:
            if position < start:
                break
            position += stop - start
        return position
