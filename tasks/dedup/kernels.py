"""Calls of deduplication's kernels, which compile them."""

from __future__ import annotations

import tempfile
from pathlib import Path

TEXTS = ["one two three four five six seven", "one two three four five six 8"]


def sketches() -> None:
    """What dedup-signatures runs."""
    import pyarrow as pa

    from tasks.dedup.config import Config
    from tasks.dedup.minhash import signatures
    from tasks.text import fold_texts, word_hashes

    signatures(pa.table({"id": ["a", "b"], "text": TEXTS}), Config())
    word_hashes(fold_texts(TEXTS))


def candidates() -> None:
    """What dedup-candidates runs."""
    import numpy as np

    from tasks.dedup.minhash import SIGNATURES
    from tasks.dedup.pairs import candidate_pairs, read_meeting, write_all

    with tempfile.TemporaryDirectory() as folder:
        write_all(Path(folder), SIGNATURES.empty_table())
        candidate_pairs(*read_meeting([Path(folder, "bands.npy")], np.zeros(1, np.int64), 0, 1))


def matches() -> None:
    """What dedup-matches runs."""
    import numpy as np

    from tasks.dedup.pairs import Codes, verify

    texts = [(np.arange(7, dtype="<u4"), np.array([7])) for _ in TEXTS]
    verify([Codes.joined(texts)], np.array([[0, 0]]), np.array([[0, 1]]), 5, 0.75)


def clusters() -> None:
    """What dedup-survivors runs: a pair, and a text that its cluster's survivor is compared with."""
    import numpy as np
    import pyarrow as pa

    from tasks.dedup.clusters import Members, choose

    pairs, sampled = np.array([[0, 1]]), np.array([True])
    members = Members(pa.table({"id": ["a", "b"]}), np.arange(2), pairs, np.ones(1), sampled)
    choose(members, np.arange(2), lambda text, survivors: None)


def paragraphs() -> None:
    """What dedup-passages runs."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tasks.dedup.paragraphs import passages

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/documents.parquet"
        pq.write_table(pa.table({"text": pa.array(TEXTS, pa.large_string()), "kind": ["web", "web"]}), path)
        passages(path, np.empty(0, np.int64), ["web"], True, 1)
