"""The quality classifier."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.quality import examples, family, model
    from tasks.filter.quality.examples import Draw, format_of, read_texts
    from tasks.filter.quality.family import SIGNAL, Config, complete, trained
    from tasks.filter.quality.model import NEGATIVE, POSITIVE, UNSOUND, clears_memory
    from tasks.filter.quality.ranking import accuracy, auc, threshold_table
else:
    __getattr__ = hand_on(__name__)
