"""How a shingle's size is written."""

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tasks.dedup import Config as Stage
from tasks.dedup import deduplicate
from tasks.dedup.config import Config
from tasks.text.ngram import parsed


@pytest.mark.parametrize(
    ("written", "kept", "meaning"),
    [
        (5, 5, (5, False)),
        ("5 words", 5, (5, False)),
        ("1 word", 1, (1, False)),
        ("13 characters", "13 characters", (13, True)),
        ("1 character", "1 characters", (1, True)),
    ],
)
def test_words_are_a_number_and_characters_say_so(written, kept, meaning):
    assert Config(ngram=written).ngram == kept
    assert parsed(written) == parsed(kept) == meaning


@pytest.mark.parametrize("written", [0, -1, True, 2.5, "5", "0 words", "13 letters", "words", None])
def test_anything_else_is_refused_with_an_example(written):
    with pytest.raises(ValidationError, match="a number of words, or a text such as '13 characters'"):
        Config(ngram=written)


def test_documents_without_spaces_are_compared_by_characters_however_their_lines_break():
    signs = "".join(chr(0x4E00 + 7 * i) for i in range(400))
    broken = "\n".join(signs[at : at + 23] for at in range(0, 400, 23))
    texts = [signs, broken, signs[:399] + "\u4e01", signs[::-1]]
    documents = pa.table({"id": list("abcd"), "text": texts})
    kept, _, ledger = deduplicate(documents, Stage(ngram="13 characters"))
    assert kept == ["b", "d"]  # the longer of the first two
    similar = {row["id"]: row["similarity"] for row in ledger.to_pylist() if row["id"] == "c"}
    assert similar == {"c": (388 - 1) / (388 + 1)}
