"""Books: text, EPUB, HTML."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.books import source
else:
    __getattr__ = hand_on(__name__)
