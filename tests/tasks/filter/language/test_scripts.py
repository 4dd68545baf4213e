"""Letters know their script, languages theirs."""

import pytest

from tasks.filter.language.scripts import EVERY_SCRIPT, NO_SCRIPT, SCRIPTS, script_table, scripts_of


@pytest.mark.parametrize(
    ("letter", "script"),
    [("a", "Latn"), ("ß", "Latn"), ("я", "Cyrl"), ("λ", "Grek"), ("ע", "Hebr"), ("ع", "Arab"), ("ก", "Thai"),
     ("漢", "Hani"), ("か", "Hira"), ("カ", "Kana"), ("한", "Hang"), ("Ꭰ", "Cher"), ("ꕉ", "Vaii"), ("ⴰ", "Tfng")],
)  # fmt: skip
def test_a_letter_has_a_script(letter, script):
    assert list(SCRIPTS)[script_table()[ord(letter)]] == script


@pytest.mark.parametrize("mark", "1 .€😀\n\u0301")
def test_what_is_no_letter_has_none(mark):
    assert ord(mark) >= len(script_table()) or script_table()[ord(mark)] == NO_SCRIPT


def names(bits):
    return {name for n, name in enumerate(SCRIPTS) if bits >> n & 1}


def test_languages_have_their_scripts():
    assert names(scripts_of("en")) == {"Latn"}
    assert names(scripts_of("ja")) == {"Hira", "Kana", "Hani"}
    assert names(scripts_of("sr")) == {"Latn", "Cyrl"}
    assert names(scripts_of("tat_Cyrl")) == {"Cyrl"}
    assert scripts_of("xyz") == EVERY_SCRIPT


def test_every_language_of_lid_176_is_listed():
    from tasks.filter.language.fasttext_file import read_model
    from tasks.filter.language.identification import default_model

    unlisted = [label for label in read_model(default_model()).labels if scripts_of(label) == EVERY_SCRIPT]
    assert unlisted == []
