"""The dedup stage: exact duplicates and near-duplicates, each verified before it removes anything."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.dedup.memory import Config, deduplicate
else:
    __getattr__ = hand_on(__name__)
