"""The filter's sections of the report."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.report import edits, quality, rules
else:
    __getattr__ = hand_on(__name__)
