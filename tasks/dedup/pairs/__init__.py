"""Candidate pairs by LSH, verified by exact Jaccard similarity."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.dedup.pairs.band_files import all_entries, changes, read_meeting, read_part, repeats, write_all
    from tasks.dedup.pairs.candidate_lists import COPY, offsets_of, refuse_repeated, repeated_ids, write_lists
    from tasks.dedup.pairs.jaccard import MATCH, Sets, shingle_sets, similarities, verify
    from tasks.dedup.pairs.lsh import candidate_pairs
    from tasks.dedup.pairs.word_hashes import Codes, CodeWriter, word_codes
else:
    __getattr__ = hand_on(__name__)
