"""The compiled passes over a text's code points that count what the signals are made of."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.text_signals.passes.counting import count_all
else:
    __getattr__ = hand_on(__name__)
