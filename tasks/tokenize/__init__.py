"""Text to tokens: the validation split, a byte-level BPE vocabulary, and token shards."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.tokenize.encoder import Encoder
else:
    __getattr__ = hand_on(__name__)
