"""Text from a model, in whole characters."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from flows.generate import END, pieces, stream
from tasks.errors import ConfigError, StageError


def byte_letters():
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + n) for n, byte in enumerate(others)}


@pytest.fixture(scope="module")
def letters():
    """A byte-level vocabulary of 256 tokens, one byte each, and one special token."""
    tokenizer = Tokenizer(models.BPE({letter: byte for byte, letter in byte_letters().items()}, []))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END])
    return tokenizer


@given(st.text())
def test_bytes_become_characters_as_soon_as_they_are_whole(letters, text):
    told = list(pieces(letters, text.encode("utf-8", "replace")))
    assert "".join(told) == text.encode("utf-8", "replace").decode()
    assert all("\ufffd" not in piece for piece in told if "\ufffd" not in text)


@given(st.lists(st.integers(0, 256)))
def test_bytes_that_never_become_a_character_are_marked(letters, tokens):
    told = b"".join(END.encode() if token == 256 else bytes([token]) for token in tokens)
    assert "".join(pieces(letters, tokens)) == told.decode("utf-8", "replace")
    assert list(pieces(letters, b"a\xe2\x82")) == ["a", "\ufffd"]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A tiny random model with a tokenizer trained on a few words."""
    import torch

    from model import ModelConfig, Transformer
    from model.convert import to_huggingface

    torch.manual_seed(1)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the iterator returns the next value, für immer"] * 20, trainer)
    config = ModelConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        layers=1,
        heads=2,
        kv_heads=1,
        max_sequence_length=32,
    )
    folder = tmp_path_factory.mktemp("model")
    to_huggingface(Transformer(config), folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_model_continues_a_prompt_and_the_seed_decides_how(model_folder):
    options = {"max_new_tokens": 12, "temperature": 1.0, "top_k": 50, "top_p": 0.95}
    first = "".join(stream(model_folder, "the", seed=1, **options))
    assert first == "".join(stream(model_folder, "the", seed=1, **options))
    others = {"".join(stream(model_folder, "the", seed=seed, **options)) for seed in range(2, 6)}
    assert others - {first}
    first.encode()


@pytest.mark.parametrize("prompt", ["", "the iterator " * 100, "\ud800 lone"])
def test_any_prompt_will_do(model_folder, prompt):
    text = "".join(stream(model_folder, prompt, max_new_tokens=4, temperature=0))
    assert isinstance(text, str)


def test_a_folder_without_a_model_is_one_clear_message(tmp_path, model_folder):
    with pytest.raises(ConfigError, match=r"there is no config\.json"):
        stream(tmp_path, "x", max_new_tokens=1)
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text(json.dumps({"broken": random.Random(1).random()}))
    with pytest.raises(StageError, match="the model can't be read"):
        list(stream(tmp_path, "x", max_new_tokens=1))
