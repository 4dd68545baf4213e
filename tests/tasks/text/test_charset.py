from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.charset import _UNWANTED, _is_clean, as_utf8, clean, decode, unreadable

RUSSIAN = "Привет, мир! Как дела? Это обычный русский текст, в нём достаточно слов."
JAPANESE = "日本語のテキストです。文字コードを判定するために十分な長さがあります。"


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (RUSSIAN.encode(), None),
        (RUSSIAN.encode(), "iso-8859-1"),  # a wrong declaration loses against valid UTF-8
        (RUSSIAN.encode("cp1251"), "windows-1251"),
        (RUSSIAN.encode("cp1251"), "no-such-charset"),
        (RUSSIAN.encode("koi8-r"), "koi8-r"),
        (codecs.BOM_UTF16_LE + RUSSIAN.encode("utf-16-le"), "utf-8"),
        (RUSSIAN.encode("utf-16-le"), "utf-16"),
        (RUSSIAN.encode("cp1251"), "utf-16"),
        (codecs.BOM_UTF8 + RUSSIAN.encode(), None),
    ],
)
def test_the_charset_is_found(data: bytes, declared: str | None) -> None:
    assert decode(data, declared)[0] == RUSSIAN
    assert as_utf8(data, declared) == RUSSIAN.encode()


def test_a_meta_element_names_the_charset() -> None:
    page = f'<html><head><meta charset="Shift_JIS"></head>{JAPANESE}'.encode("shift_jis")
    assert JAPANESE in decode(page, html=True)[0]
    assert JAPANESE.encode() in as_utf8(page, html=True)


def test_seven_bit_charsets_are_not_taken_for_ascii() -> None:
    assert decode(JAPANESE.encode("iso-2022-jp"), "iso-2022-jp")[0] == JAPANESE
    assert as_utf8(JAPANESE.encode("iso-2022-jp"), "iso-2022-jp") == JAPANESE.encode()


@given(
    st.binary(max_size=400),
    st.sampled_from([None, "utf-8", "latin-1", "shift_jis", "utf-16", "zip", "rot13"]),
)
def test_any_bytes_become_valid_unicode(data: bytes, declared: str | None) -> None:
    clean(decode(data, declared, html=True)[0]).encode("utf-8")


@given(st.text(st.characters(exclude_categories=())))
def test_clean_text_is_valid_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


def test_text_full_of_replacements_is_unreadable() -> None:
    assert unreadable("�" * 10 + "a" * 100)
    assert not unreadable("�" + "a" * 100)
    assert not unreadable("")


@given(st.text(st.characters() | st.sampled_from("\0\t\n\x0b\x0c\x1f\x7f\x80\ufeff\ud800\udfff")))
def test_the_quick_look_agrees_with_the_pattern(text: str) -> None:
    assert _is_clean(text) == (_UNWANTED.search(text) is None)
