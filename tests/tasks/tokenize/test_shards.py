import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import StageError
from tasks.tokenize.shards import ShardWriter, open_shards, token_dtype


def read_megatron(stem):
    """The documents of a shard, read as the format says and with nothing of ours."""
    with open(f"{stem}.idx", "rb") as file:
        assert file.read(9) == b"MMIDIDX\x00\x00"
        assert struct.unpack("<Q", file.read(8)) == (1,)
        (code,) = struct.unpack("<B", file.read(1))
        (sequences,) = struct.unpack("<Q", file.read(8))
        (indices,) = struct.unpack("<Q", file.read(8))
        lengths = struct.unpack(f"<{sequences}i", file.read(4 * sequences))
        pointers = struct.unpack(f"<{sequences}q", file.read(8 * sequences))
        documents = struct.unpack(f"<{indices}q", file.read(8 * indices))
        assert file.read() == b""
    letter, size = {8: ("H", 2), 4: ("i", 4)}[code]
    tokens = Path(f"{stem}.bin").read_bytes()
    found = []
    for first, last in pairwise(documents):
        content = []
        for sequence in range(first, last):
            raw = tokens[pointers[sequence] : pointers[sequence] + lengths[sequence] * size]
            content += struct.unpack(f"<{lengths[sequence]}{letter}", raw)
        found.append(content)
    return found


def write(stem, documents, vocab_size=1000):
    with ShardWriter(stem, token_dtype(vocab_size)) as writer:
        return [writer.add(np.array(document)) for document in documents]


TOKENS = st.lists(st.integers(0, 65499), min_size=1, max_size=9)


@given(files=st.lists(st.lists(TOKENS, max_size=5), min_size=1, max_size=4).filter(any))
@settings(max_examples=50)
def test_documents_come_back_from_our_reader_and_from_a_plain_one(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("shards")
    for number, documents in enumerate(files):
        offsets = write(folder / f"{number:05}", documents, 65499)
        assert offsets == [sum(map(len, documents[:index])) for index in range(len(documents))]
        if documents:
            assert read_megatron(folder / f"{number:05}") == documents
    everything = [document for documents in files for document in documents]
    flat = [token for document in everything for token in document]
    shards = open_shards(folder)
    assert (len(shards), shards.documents) == (len(flat), len(everything))
    assert [shards.document(index).tolist() for index in range(len(everything))] == everything
    assert np.diff(shards.document_starts).tolist() == [len(document) for document in everything]
    assert np.concatenate(shards.streams).tolist() == flat
    for start in range(len(flat) + 1):
        assert shards.tokens(start, len(flat)).tolist() == flat[start:]
        assert shards.tokens(0, start).tolist() == flat[:start]


@pytest.mark.parametrize(
    ("vocab_size", "dtype"), [(8192, "uint16"), (65499, "uint16"), (65500, "int32"), (200000, "int32")]
)
def test_tokens_take_two_bytes_where_the_vocabulary_allows(tmp_path, vocab_size, dtype):
    write(tmp_path / "a", [[vocab_size - 1, 0]], vocab_size)
    shards = open_shards(tmp_path)
    assert shards.dtype == np.dtype(dtype)
    assert shards.document(0).tolist() == [vocab_size - 1, 0]
    assert read_megatron(tmp_path / "a") == [[vocab_size - 1, 0]]


def test_a_shard_without_documents_leaves_no_file(tmp_path):
    write(tmp_path / "a", [])
    assert list(tmp_path.iterdir()) == []


def test_a_document_without_tokens_is_refused(tmp_path):
    with (
        ShardWriter(tmp_path / "a", np.dtype("<u2")) as writer,
        pytest.raises(ValueError, match="without tokens"),
    ):
        writer.add(np.array([], dtype=np.uint16))


def test_a_writer_that_fails_leaves_no_index(tmp_path):
    def fail():
        with ShardWriter(tmp_path / "a", np.dtype("<u2")) as writer:
            writer.add(np.array([1]))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not (tmp_path / "a.idx").exists()


def test_streams_are_grouped_by_the_name_of_their_source(tmp_path):
    for name, tokens in {"00000-web": [1], "00001-web": [2], "books-3": [3], "00002-my-code": [4]}.items():
        write(tmp_path / name, [tokens])
    groups = open_shards(tmp_path).groups
    assert {name: [stream.tolist() for stream in streams] for name, streams in groups.items()} == {
        "web": [[1], [2]],
        "my-code": [[4]],
        "books": [[3]],
    }


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (0, 6), (3, 2)])
def test_tokens_outside_are_an_index_error(tmp_path, start, stop):
    write(tmp_path / "a", [[1, 2, 3], [4, 5]])
    with pytest.raises(IndexError):
        open_shards(tmp_path).tokens(start, stop)


def truncate(path, size):
    path.write_bytes(path.read_bytes()[:size])


DAMAGE = {
    "no .bin": (
        lambda folder: (folder / "a.bin").unlink(),
        r"a\.bin: is missing where a\.idx promises 5 tokens",
    ),
    "short .bin": (lambda folder: truncate(folder / "a.bin", 9), r"a\.bin: has 9 bytes"),
    "short .idx": (
        lambda folder: truncate(folder / "a.idx", 50),
        r"a\.idx: 50 bytes where its header promises",
    ),
    "tiny .idx": (lambda folder: truncate(folder / "a.idx", 20), "too short for an index"),
    "other file": (lambda folder: (folder / "a.idx").write_bytes(b"x" * 80), "not an index of token shards"),
    "no shards": (lambda folder: (folder / "a.idx").unlink(), "there are no token shards"),
    "two dtypes": (lambda folder: write(folder / "b", [[1]], 100000), "its shards differ in dtype"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_shards_are_one_clear_error(tmp_path, damage, message):
    write(tmp_path / "a", [[1, 2, 3], [4, 5]])
    damage(tmp_path)
    with pytest.raises(StageError, match=message):
        open_shards(tmp_path)
