"""Languages named by fastText's lid.176."""

import pyarrow as pa
import pytest

from tasks.errors import StageError
from tasks.filter.language import identification

TEXTS = [
    "The ship came into the harbour with the evening tide.",
    "Le navire est entré dans le port avec la marée du soir.",
    "Das Schiff lief mit der Abendflut in den Hafen ein.",
    "船は夕方の満ち潮とともに港に入ってきた。",
]


def test_languages_are_told_apart():
    table = identification.detect(TEXTS)
    assert table["language"].to_pylist() == ["en", "fr", "de", "ja"]
    assert all(0.8 < score <= 1 for score in table["score"].to_pylist())


def test_scores_are_rounded_to_four_digits():
    assert all(score == round(score, 4) for score in identification.detect(TEXTS)["score"].to_pylist())


def test_newlines_are_spaces():
    assert identification.detect([TEXTS[0].replace(" ", "\n")]) == identification.detect([TEXTS[0]])


def test_long_documents_are_looked_at_in_windows():
    text = TEXTS[1] + TEXTS[0] * 200 + TEXTS[1]
    assert identification.detect([text])["language"].to_pylist() == ["en"]
    assert identification.detect([text], sample=10**9)["language"].to_pylist() == ["en"]


def test_the_runner_up_is_told():
    row = identification.detect([f"{TEXTS[0]} {TEXTS[1]}"]).to_pylist()[0]
    assert {row["language"], row["second_language"]} == {"en", "fr"}
    assert row["score"] >= row["second_score"] > 0


def test_strings_and_arrow_columns_are_the_same():
    column = pa.array([*TEXTS, "", None], pa.large_string())
    assert identification.detect(column, sample=64) == identification.detect([*TEXTS, "", None], sample=64)


NOTHING = {"language": None, "score": 0.0, "second_language": None, "second_score": 0.0}


@pytest.mark.parametrize(
    "text", ["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ⲁⲛⲟⲕ ⲡⲉ ⲡⲟⲩⲟⲉⲓⲛ", "ⵜⴰⵎⴰⵣⵉⵖⵜ"], ids=["Cherokee", "Coptic", "Tifinagh"]
)
def test_a_script_that_no_language_of_the_model_has_names_none(text):
    assert identification.detect([text]).to_pylist() == [NOTHING]
    assert identification.detect([text], scripts=False)["language"].to_pylist() != [None]


def test_a_language_in_another_script_gives_way_to_one_in_the_texts_own():
    romanised = "Menya zovut Ivan i ya zhivu v gorode Moskva"
    named = identification.detect([romanised, "Меня зовут Иван"])["language"].to_pylist()
    assert named[0] not in ("ru", "uk", "bg", "be")
    assert named[1] == "ru"


@pytest.mark.parametrize("text", ["", " \n\t", None, "12.5 % 3 €"])
def test_nothing_has_no_language(text):
    assert identification.detect([text]).to_pylist() == [NOTHING]


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b", "\ud800 the harbour", "€" * 100])
def test_odd_text_is_an_answer_of_some_kind(text):
    assert identification.detect([text]).num_rows == 1


def test_a_file_that_is_no_model_is_one_message(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"not a model")
    with pytest.raises(StageError, match=r"model\.bin is not a fastText model"):
        identification.detect(["text"], model=path)
