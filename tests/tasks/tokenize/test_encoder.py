import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tasks.errors import StageError
from tasks.tokenize import Encoder
from tasks.tokenize.bpe import save_tokenizer, train_bpe

TEXTS = [f"def function_{i}(value):\n    return value + {i * 37}  # don't\n\n" for i in range(50)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(train_bpe(TEXTS, 310), made)
    return made


@pytest.fixture(scope="module")
def encoder(folder):
    return Encoder(folder / "tokenizer.json")


VALID = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@given(texts=st.lists(VALID, max_size=5))
@example(texts=["", " ", "\r\n \t\n", "\x00", "e\u0301 \u00e9", "\ufeff", "<|endoftext|><|pad|>", "1" * 10])
@settings(max_examples=200)
def test_text_comes_back_exactly(encoder, texts):
    encoded = encoder.encode_batch(texts)
    assert [encoder.decode(tokens) for tokens in encoded] == texts
    assert all(tokens.dtype == np.uint16 for tokens in encoded)
    assert all((tokens < encoder.vocab_size).all() for tokens in encoded)


@given(text=VALID)
def test_a_batch_gives_what_each_text_gives_alone(encoder, text):
    together = encoder.encode_batch([TEXTS[0], text, TEXTS[1]])[1]
    assert together.tolist() == encoder.encode_batch([text])[0].tolist()


def test_the_name_of_a_special_token_in_a_text_is_text(encoder):
    (tokens,) = encoder.encode_batch(["a<|endoftext|>b<|pad|>"])
    assert encoder.end not in tokens
    assert encoder.pad not in tokens
    assert encoder.decode(tokens) == "a<|endoftext|>b<|pad|>"


def test_ids_are_those_of_the_library_and_long_texts_are_no_exception(encoder, folder):
    text = "".join(TEXTS) * 200
    assert len(text) > 2 * 2**18
    assert (
        encoder.encode_batch([text])[0].tolist()
        == Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    )


@pytest.mark.parametrize("text", [" " * 3_000_000, "x" * 1_000_000], ids=["blanks", "one word"])
def test_a_long_line_without_a_place_to_cut_comes_back(encoder, text):
    assert encoder.decode(encoder.encode_batch([text])[0]) == text


def test_the_special_tokens_and_the_size_are_known(encoder):
    assert (encoder.end, encoder.pad, encoder.vocab_size) == (0, 1, 310)


def test_a_folder_will_do(encoder, folder):
    assert (
        Encoder(folder).encode_batch(["return value"])[0].tolist()
        == encoder.encode_batch(["return value"])[0].tolist()
    )


def test_a_missing_or_damaged_tokenizer_is_one_clear_error(tmp_path):
    with pytest.raises(StageError, match="there is no tokenizer here"):
        Encoder(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(StageError, match=r"not a readable tokenizer.json"):
        Encoder(tmp_path)


def test_a_tokenizer_without_the_separator_is_refused(tmp_path):
    from tokenizers.models import BPE

    Tokenizer(BPE({"a": 0}, [])).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(StageError, match=r"no token <\|endoftext\|>"):
        Encoder(tmp_path)
