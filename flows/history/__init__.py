"""What past runs left, read again."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.history.runs import load_run, past_runs
    from flows.history.summary import print_status, print_summary, status_data
else:
    __getattr__ = hand_on(__name__)
