from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from tasks.errors import StageError
from tasks.tokenize.bpe import pieces, save_tokenizer, train_bpe

TEXTS = [f"def function_{i}(value):\n    return value + {i * 37}  # don't\n\n" for i in range(50)]
SPLIT = train_bpe(TEXTS, 300).pre_tokenizer[0]


def test_training_again_gives_the_same_bytes():
    made = {train_bpe(iter(TEXTS), 310).to_str(pretty=True) for _ in range(5)}
    assert len(made) == 1


def test_the_vocabulary_is_the_special_tokens_every_byte_and_merges():
    tokenizer = train_bpe(TEXTS, 300)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)
    assert len(vocabulary) == 300
    assert vocabulary[:2] == ["<|endoftext|>", "<|pad|>"]
    assert set(pre_tokenizers.ByteLevel.alphabet()) == set(vocabulary[2:258])


def test_a_corpus_that_cannot_fill_the_vocabulary_is_an_error_with_the_numbers():
    with pytest.raises(
        StageError, match=r"fills a vocabulary of \d+ tokens, not 5000: set tokenize.vocab_size"
    ):
        train_bpe(TEXTS, 5000)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("don't DON'T", ["don", "'t", " DON", "'T"]),
        ("x = 1234567", ["x", " =", " ", "123", "456", "7"]),
        ("    return (a)\n", ["   ", " return", " (", "a", ")\n"]),
        ("a  \n\n  b", ["a", "  \n\n", " ", " b"]),
        (".append", [".append"]),
    ],
)
def test_text_is_split_where_merges_may_not_cross(text, parts):
    assert [part for part, _ in SPLIT.pre_tokenize_str(text)] == parts


ALPHABET = st.sampled_from(list("ab é漢9'_. \t\n\r\x0b\x1c\x85\xa0\u2028̈"))


@given(text=st.text(ALPHABET, max_size=60), longest=st.integers(3, 20))
@settings(max_examples=300)
def test_pieces_are_the_text_and_split_like_the_whole_unless_the_cut_was_anywhere(text, longest):
    cut = list(pieces(text, longest))
    assert "".join(cut) == text
    assert all(len(piece) <= longest for piece in cut)
    whole = [part for part, _ in SPLIT.pre_tokenize_str(text)]
    parted = [part for piece in cut for part, _ in SPLIT.pre_tokenize_str(piece)]
    if all(_is_safe(left, right) for left, right in pairwise(cut)):
        assert parted == whole


def _is_safe(left, right):
    if left.endswith("\n") and right[0].isascii() and not right[0].isspace():
        return True
    return left[-1:] in ("a", "b") and right[:2] in (" a", " b")


def test_transformers_reads_the_saved_tokenizer(tmp_path):
    from transformers import AutoTokenizer

    tokenizer = train_bpe(TEXTS, 310)
    save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert (theirs.eos_token, theirs.pad_token, len(theirs)) == ("<|endoftext|>", "<|pad|>", 310)
    text = "def function_3(x):\n\treturn 12345  # naïve 漢 'll\r\n"
    assert theirs(text).input_ids == tokenizer.encode(text).ids
    assert theirs.decode(theirs(text).input_ids) == text
