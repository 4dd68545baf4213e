"""Questions to the last run: why a document went, what other thresholds would do."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.inspect import explain
    from flows.inspect.near import Border, Near, near_thresholds
    from flows.inspect.overlap import Overlap
    from flows.inspect.terminal import print_tuning
    from flows.inspect.tuning import tune
else:
    __getattr__ = hand_on(__name__)
