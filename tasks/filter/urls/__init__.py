"""What URLs tell: blocklists, words, canonical forms."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.filter.urls import blocklists, family
else:
    __getattr__ = hand_on(__name__)
