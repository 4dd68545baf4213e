"""The decontaminate stage: documents that hold benchmark items are removed before training sees them."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.decontaminate.config import Config
    from tasks.decontaminate.search import Hit, find_hits
else:
    __getattr__ = hand_on(__name__)
