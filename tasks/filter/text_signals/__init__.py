"""What is measured of a text, in compiled passes over UTF-8."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.text_signals import scoring, side_signals
    from tasks.filter.text_signals.scoring import batches, score
else:
    __getattr__ = hand_on(__name__)
