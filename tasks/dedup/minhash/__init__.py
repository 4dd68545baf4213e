"""MinHash sketches."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.dedup.minhash.exact import digests
    from tasks.dedup.minhash.scheme import check_scheme, metadata
    from tasks.dedup.minhash.sketch import shingles, sign
    from tasks.dedup.minhash.table import SIGNATURES, signatures, sketch_table
else:
    __getattr__ = hand_on(__name__)
