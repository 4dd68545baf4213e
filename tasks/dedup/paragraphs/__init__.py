"""Paragraphs that stand in several documents."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.dedup.paragraphs import option
    from tasks.dedup.paragraphs.cut import without
    from tasks.dedup.paragraphs.duplicates import write_repeats
    from tasks.dedup.paragraphs.option import RULE, Option
    from tasks.dedup.paragraphs.split import passages
else:
    __getattr__ = hand_on(__name__)
