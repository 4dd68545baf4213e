"""MinHash sketches."""

from tasks.dedup.minhash.sketch import shingles, sign

__all__ = ["shingles", "sign"]
