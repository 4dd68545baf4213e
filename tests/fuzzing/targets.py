"""Everything that is fuzzed, by name."""

from __future__ import annotations

from random import Random

from fuzzing.case import Case, Target
from fuzzing.growth import GROWTH
from fuzzing.pages import PAGES
from fuzzing.readers import READERS
from fuzzing.repositories import REPOSITORIES
from fuzzing.texts import TEXTS
from fuzzing.transport import TRANSPORT

TARGETS: dict[str, Target] = {
    **READERS,
    **REPOSITORIES,
    **TRANSPORT,
    **TEXTS,
    **PAGES,
    **GROWTH,
}


def made(target: str, seed: int, number: int) -> Case:
    """The case of a number: the same every time."""
    return TARGETS[target].make(Random(f"{target}:{seed}:{number}"))
