"""What several stages do with text: words, folding, n-grams, character sets, batches of UTF-8."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.text.batching import batches
    from tasks.text.charset import as_utf8, clean, decode, unreadable
    from tasks.text.code_points import code_point
    from tasks.text.folding import FOLDING, folded_character
    from tasks.text.hashing import (
        FNV_PRIME,
        FNV_START,
        GOLDEN,
        chained,
        fnv,
        fnv1a,
        murmur_mixed,
        murmur_mixed32,
        murmur_mixed_plainly,
        power,
        splitmix,
        xxh32,
    )
    from tasks.text.hashset import filter_bits, key_table, passes, slot_of, table_slots
    from tasks.text.ngram import Ngram, parsed
    from tasks.text.ngram_set import NgramSet
    from tasks.text.words import (
        Texts,
        Words,
        fold_batches,
        fold_texts,
        folded,
        ngram_hashes,
        units,
        utf8_buffers,
        word_hashes,
    )
else:
    __getattr__ = hand_on(__name__)
