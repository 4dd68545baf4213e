"""The rule families, one a file."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.heuristics import (
        books,
        c4,
        code,
        dclm_edits,
        dclm_quality,
        dclm_repetition,
        fineweb,
        gopher_quality,
        gopher_repetition,
        massivetext_quality,
        massivetext_repetition,
    )
else:
    __getattr__ = hand_on(__name__)
