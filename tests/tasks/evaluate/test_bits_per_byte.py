import gzip
import lzma
import math

import pytest
import torch

from tasks.document import Document, DocumentWriter
from tasks.errors import StageError
from tasks.evaluate.bits_per_byte import Scored, choose, compressed, score_documents, summarise


def write(path, texts: dict[str, str]):
    with DocumentWriter(path) as writer:
        for id, text in texts.items():
            writer.add(Document(id, text))
    return path


def test_bits_are_those_of_the_whole_document_under_the_model(model, encoder):
    documents = [("a", "def add(a, b):\n"), ("b", "Köln ☕"), ("c", "A")]
    for (_, text), found in zip(documents, score_documents(model, encoder, documents), strict=True):
        tokens = encoder.encode_batch([text])[0].tolist()
        with torch.no_grad():
            logs = model(torch.tensor([[encoder.end, *tokens[:-1]]]))[0].double().log_softmax(-1)
        nats = -sum(float(logs[place, token]) for place, token in enumerate(tokens))
        assert found.bits == pytest.approx(nats / math.log(2), abs=1e-3)
        assert (found.bytes, found.tokens) == (len(text.encode()), len(tokens))


def test_documents_are_scored_on_their_own(model, encoder):
    one, other = ("a", "def add(a, b):\n" * 20), ("b", "The list type holds items. " * 9)
    together = score_documents(model, encoder, [one, other], batch_tokens=64)
    apart = score_documents(model, encoder, [other]) + score_documents(model, encoder, [one])
    assert together[0].bits == pytest.approx(apart[1].bits, abs=1e-2)
    assert together[1].bits == pytest.approx(apart[0].bits, abs=1e-2)


def test_a_stride_of_one_gives_every_token_all_the_context_there_is(model, encoder):
    text = "Question: What is 2 + 3?\nAnswer: 2 + 3 = 5.\n" * 4
    tokens = encoder.encode_batch([text])[0].tolist()
    assert len(tokens) > 64
    read, nats = [encoder.end, *tokens], 0.0
    for place in range(1, len(read)):
        with torch.no_grad():
            logs = model(torch.tensor([read[max(0, place - 64) : place]]))[0, -1].double().log_softmax(-1)
        nats -= float(logs[read[place]])
    [found] = score_documents(model, encoder, [("a", text)], stride=1)
    assert found.bits == pytest.approx(nats / math.log(2), abs=1e-2)


@pytest.mark.parametrize("stride", [65, 10_000])
def test_a_stride_beyond_the_window_is_refused_with_the_numbers(model, encoder, stride):
    with pytest.raises(StageError, match=f"is {stride}: .*window of 64"):
        score_documents(model, encoder, [("a", "text")], stride=stride)


def test_the_choice_is_random_but_independent_of_the_files_order(tmp_path):
    texts = {f"d{n}": f"{n} " * 50 for n in range(20)}
    one = write(tmp_path / "one.parquet", dict(list(texts.items())[:9]))
    two = write(tmp_path / "two.parquet", dict(list(texts.items())[9:]))
    chosen = choose([one, two], 600, seed=1)
    assert chosen == choose([two, one], 600, seed=1)
    assert chosen != choose([one, two], 600, seed=2)
    assert sum(len(text.encode()) for _, text in chosen) == 600
    assert sorted(choose([one, two], None, seed=1)) == sorted(texts.items())


def test_the_last_document_is_cut_between_characters_and_empty_ones_are_left_out(tmp_path):
    path = write(tmp_path / "d.parquet", {"a": "é" * 100, "b": ""})
    assert choose([path], 7, seed=1) == [("a", "ééé")]


def test_the_compressors_sizes_are_those_of_their_files():
    texts = ["def add(a, b):\n" * 40, "The list type.\n" * 30, "Köln"]
    data = "".join(texts).encode()
    sizes = compressed(texts)
    assert sizes["gzip"] == len(gzip.compress(data, 9))
    assert sizes["xz"] == len(lzma.compress(data, preset=9))


def test_the_summary_weighs_documents_by_their_bytes():
    scored = [Scored("a", 100.0, 50, 20), Scored("b", 50.0, 100, 30)]
    found = summarise(scored, {"gzip": 60, "xz": 30}, seed=1)
    assert found["model"] == 1.0
    assert (found["gzip"], found["xz"]) == (3.2, 1.6)
    assert (found["documents"], found["bytes"], found["tokens"]) == (2, 150, 50)
    assert (found["low"], found["high"]) == (0.5, 2.0)
