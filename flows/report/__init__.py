"""The HTML page of a run."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.report.page import write_report
else:
    __getattr__ = hand_on(__name__)
