"""Signatures say how they were made, and what was made in another way isn't compared."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import xxhash
from datasketch import MinHash

from tasks.dedup import candidates
from tasks.dedup.config import Config
from tasks.dedup.minhash.scheme import KEY, check_scheme, metadata
from tasks.dedup.minhash.sketch import shingles, to_datasketch
from tasks.dedup.signatures import process
from tasks.document import Document, DocumentWriter
from tasks.errors import StageError
from tasks.node import Input, Shard
from tasks.text.folding import FOLDING


def signed(folder: Path, config: Config) -> Path:
    """The file that dedup-signatures writes of one document."""
    with DocumentWriter(folder / "documents.parquet") as writer:
        writer.add(Document("1", "some words of a text"))
    documents = Input("documents", str(folder / "documents.parquet"), "d")
    process(Shard("a", config.identity(), {"documents": [documents]}), folder)
    return folder / "signatures.parquet"


def test_the_file_names_scheme_versions_and_settings(tmp_path: Path):
    found = check_scheme([signed(tmp_path, Config(ngram=7, seed=3))], 7)
    assert found == {
        "version": 1,
        "folding": FOLDING,
        "digest": "xxh3-128",
        "minhash": "affine32",
        "hash": "xxh32",
        "permutations": 112,
        "ngram": 7,
        "bands": 14,
        "rows": 8,
        "seed": 3,
    }


def test_signatures_of_other_shingles_or_without_a_scheme_are_refused(tmp_path: Path):
    path = signed(tmp_path, Config())
    with pytest.raises(
        StageError, match=r"signatures with ngram 5, not '9 characters'; run `smelt rerun dedup`"
    ):
        check_scheme([path], "9 characters")
    bare = tmp_path / "bare.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), bare)
    with pytest.raises(StageError, match="version None, not 1"):
        check_scheme([bare], 5)


def test_two_files_made_in_two_ways_are_refused(tmp_path: Path):
    paths = []
    for seed in (1, 2):
        (folder := tmp_path / str(seed)).mkdir()
        paths.append(signed(folder, Config(seed=seed)))
    with pytest.raises(StageError, match="seed 2, not 1"):
        check_scheme(paths, 5)


def test_signatures_of_a_former_folding_are_refused_before_anything_is_matched(tmp_path: Path):
    path = signed(tmp_path, Config())
    former = metadata(Config())[KEY].replace(FOLDING.encode(), b"1, Unicode 9.0.0")
    pq.write_table(pq.read_table(path).replace_schema_metadata({KEY: former}), path)
    files = {name: [Input(name, str(tmp_path / f"{name}.npy"), "d")] for name in candidates.FILES}
    part = Shard("0", {"part": 0, "of": 1}, files, {"signatures": [str(path)]})
    with pytest.raises(StageError, match=r"folding '1, Unicode 9\.0\.0'"):
        candidates.process(part, tmp_path)


def test_sketches_that_are_kept_are_datasketchs_and_say_how_they_were_made(tmp_path: Path):
    path = signed(tmp_path, Config(ngram=3, seed=2, sketches=True)).with_name("sketches.parquet")
    assert check_scheme([path], 3)["seed"] == 2
    (row,) = pq.read_table(path).to_pylist()
    theirs = MinHash(112, 2, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)
    theirs.update_batch(shingles("some words of a text", ngram=3))
    assert row["id"] == "1"
    assert to_datasketch(np.array(row["sketch"], np.uint32), seed=2) == theirs


def test_sketches_are_kept_only_where_they_are_wanted_and_change_no_signature(tmp_path: Path):
    folders = [tmp_path / name for name in ("with", "without")]
    for folder, wanted in zip(folders, (True, False), strict=True):
        folder.mkdir()
        signed(folder, Config(sketches=wanted))
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one.keys() - other.keys() == {"sketches.parquet"}
    assert {name: one[name] for name in other} == other
