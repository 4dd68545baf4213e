"""Calls of kernels that several stages share, which compile them."""

from __future__ import annotations


def ngram_sets() -> None:
    """Overlap of word n-grams."""
    from tasks.text.ngram_set import NgramSet

    NgramSet(["one two three"], ngram=2).contained_shares(["two three four"])
