from __future__ import annotations

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.books.gutenberg import Cut, fields, strip

NEW = """The Project Gutenberg eBook of Emma

Title: Emma;
       a novel

Author: Jane Austen

Release date: August 1, 1994 [eBook #158]
                Most recently updated: May 12, 2025

Language: English

*** START OF THE PROJECT GUTENBERG EBOOK EMMA ***
"""
NEW_END = "*** END OF THE PROJECT GUTENBERG EBOOK EMMA ***\n\nUpdated editions will replace ...\n"
OLD = """The Project Gutenberg Etext of Moby Dick, by Herman Melville

June, 2001 [Etext #2701]

***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here? You know: lawyers.
*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*
"""
TEXT = "CHAPTER I\n\nIt was a dark night.\n\nCHAPTER II\n\nIt was not."


def stripped(text: str, size: int = 1000) -> tuple[str, Cut]:
    cut = Cut()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join(strip(pieces, cut)), cut


@pytest.mark.parametrize(
    "start",
    [
        NEW,
        OLD,
        "***START OF THIS PROJECT GUTENBERG EBOOK EMMA***\n",
        "*** START OF THE PROJECT GUTENBERG ETEXT EMMA ***\n",
        "** START OF THE COPYRIGHTED PROJECT GUTENBERG EBOOK EMMA **\n",
        "*** START OF THIS PROJECT GUTENBERG EBOOK THE ADVENTURES\nOF A MAN WITH A LONG NAME ***\n",
        "*** START OF THE PROJECT GUTENBERG EBOOK, EMMA ***\n\nProduced by A. Nonymous\nand B. Nemo.\n\n",
        "Project Gutenberg\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*\n",
        NEW.replace("\n", "\r\n"),
    ],
)
@pytest.mark.parametrize(
    "end",
    [
        NEW_END,
        "***END OF THIS PROJECT GUTENBERG EBOOK EMMA***\nlicence\n",
        "End of Project Gutenberg's Emma, by Jane Austen\n\n*** END OF THE PROJECT GUTENBERG EBOOK EMMA ***\n",
        "End of the Project Gutenberg EBook of Emma,\nby Jane Austen\n",
        "End of The Project Gutenberg Etext of Emma\n",
        "Ende dieses Projekt Gutenberg Etextes Emma\n",
        "*** START: FULL LICENSE ***\n\nTHE FULL PROJECT GUTENBERG LICENSE\n",
    ],
)
def test_every_form_of_header_and_footer_is_cut(start: str, end: str) -> None:
    text, cut = stripped(f"{start}\n\n{TEXT}\n\n\n{end}")
    assert text.strip() == TEXT
    assert cut.header >= len(start.replace("\r\n", "\n").strip())
    assert cut.footer > 0


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "He wrote of Project Gutenberg.\n" + TEXT,
        "Title: a report\n\nAuthor: nobody\n\n" + TEXT,
        "The small print! is here.\n*END* of it\n" + TEXT,
        "End of Project Gutenberg stands early." + "\n" + TEXT * 200,
    ],
)
def test_a_text_without_an_unmistakable_mark_stays_as_it_is(text: str) -> None:
    found, cut = stripped(text)
    assert found == text
    assert (cut.header, cut.footer) == (0, 0)


def test_a_start_without_an_end_and_an_end_without_a_start_are_cut() -> None:
    assert stripped(NEW + TEXT)[0].strip() == TEXT
    assert stripped(TEXT + "\n\n" + NEW_END)[0] == TEXT


def test_joined_volumes_keep_both_texts() -> None:
    text, _ = stripped(NEW + "one\n" + NEW_END + NEW + "two\n" + NEW_END, 50)
    assert text.split() == ["one", "two"]


def test_the_header_says_what_the_book_is() -> None:
    assert fields(NEW) == {
        "title": "Emma; a novel", "author": "Jane Austen", "released": "1994-08-01", "language": "en", "number": "158",
    }  # fmt: skip
    assert fields(OLD) == {
        "title": "Moby Dick", "author": "Herman Melville", "released": "2001-06", "number": "2701",
    }  # fmt: skip
    credits = NEW + "\n\nE-text prepared by A. Nonymous\n\n\n" + TEXT
    assert stripped(credits)[1].about["credits"] == "E-text prepared by A. Nonymous"


@given(st.text(st.sampled_from("*\n EDNSTARTOFPG ")), st.integers(1, 7))
def test_pieces_of_any_size_give_the_same(text: str, size: int) -> None:
    whole = f"{NEW}{text}\n{TEXT}\n{text}\n{NEW_END}{text}"
    assert stripped(whole, size)[0] == stripped(whole, len(whole))[0]


@pytest.mark.parametrize("piece", ["*", " ", "\n", "*** START OF THE PROJECT GUTENBERG\n"])
def test_it_takes_linear_time(piece: str) -> None:
    assert_linear(lambda text: stripped(text, 1 << 18), lambda size: piece * (size // len(piece)), 1_000_000)
