"""The engine `fast`: a page's main text by scoring its blocks."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.extract.blocks import context, cues, model, scan, select, tags
    from tasks.ingest.extract.blocks.assembly import assemble
    from tasks.ingest.extract.blocks.context import GATE, REACH, SURE
    from tasks.ingest.extract.blocks.model import WEIGHTS, Model
    from tasks.ingest.extract.blocks.select import choose, describe
    from tasks.ingest.extract.blocks.trees import Forest
else:
    __getattr__ = hand_on(__name__)
