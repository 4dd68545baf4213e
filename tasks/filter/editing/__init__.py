"""Lines and personal data that are taken out of texts before they are judged."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.editing import lines
    from tasks.filter.editing.config import SAMPLES, Edits
    from tasks.filter.editing.editor import Change, Editor, edit_texts, masked
    from tasks.filter.editing.pii import Config, Kind
else:
    __getattr__ = hand_on(__name__)
