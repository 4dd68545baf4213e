"""The sample corpus, made from the Python installation itself."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.sample import build
else:
    __getattr__ = hand_on(__name__)
