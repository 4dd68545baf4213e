"""The filter stage: a verdict on every document, from signals that are computed once.

`score` measures texts, `judge` compares the measures with a profile's thresholds, `identification.detect` names
languages. They are loaded when first asked for: importing this package costs nothing.
"""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter import language
    from tasks.filter.judging import judge
    from tasks.filter.text_signals import score
else:
    __getattr__ = hand_on(__name__)
