"""Language identification."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.language import identification
    from tasks.filter.language.identification import detect
else:
    __getattr__ = hand_on(__name__)
