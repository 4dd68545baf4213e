"""Everything that is fuzzed, by name."""

from __future__ import annotations

from random import Random

from fuzzing.case import Case, Target
from fuzzing.readers import READERS
from fuzzing.texts import TEXTS
from fuzzing.transport import TRANSPORT

TARGETS: dict[str, Target] = {**READERS, **TRANSPORT, **TEXTS}


def made(target: str, seed: int, number: int) -> Case:
    """The case of a number: the same every time."""
    return TARGETS[target].make(Random(f"{target}:{seed}:{number}"))
