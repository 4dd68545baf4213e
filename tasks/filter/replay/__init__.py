"""The filter replayed from a run's signals: what each rule decides, and what other thresholds would. No text is read."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.replay.near import Border, Near, near_thresholds
    from tasks.filter.replay.overlap import Overlap
    from tasks.filter.replay.rules import FACT, render_rules, rule_facts
    from tasks.filter.replay.terminal import print_tuning
    from tasks.filter.replay.tuning import tune
else:
    __getattr__ = hand_on(__name__)
