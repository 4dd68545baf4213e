from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from growth import assert_linear

from tasks.document import Document, Loss
from tasks.ingest.books.source import Source, read
from tasks.node import Input

FileInput = Callable[..., Input]
SHARED = Path(__file__).parents[5] / "shared/data/corpora"
KANT = SHARED / "gutenberg-kant/kant-critique-of-pure-reason.txt"


def books(path: Path, file: FileInput, **keys) -> list[Document | Loss]:
    return list(read(Source(name="b", paths=["."], **keys), file(path), {}))


def test_a_book_is_one_document_in_its_own_group(tmp_path: Path, file: FileInput) -> None:
    (tmp_path / "Moby.txt").write_bytes(b"\xef\xbb\xbfCall me Ishmael.\r\n\r\nSome years ago\n")
    [book] = books(tmp_path / "Moby.txt", file)
    assert isinstance(book, Document)
    assert (book.text, book.kind) == ("Call me Ishmael.\n\nSome years ago", "book")
    assert book.metadata == {"group": "moby.txt", "title": "Moby"}


def test_a_long_book_is_cut_at_empty_lines_and_keeps_its_group(tmp_path: Path, file: FileInput) -> None:
    paragraphs = [f"Paragraph {number} " + "word " * 40 for number in range(60)]
    (tmp_path / "long.txt").write_text("\n\n".join(paragraphs))
    parts = books(tmp_path / "long.txt", file, part_characters=2000)
    assert len(parts) > 5
    assert "\n\n".join(part.text for part in parts) == "\n\n".join(paragraphs)
    assert len({part.id for part in parts}) == len(parts)
    assert {part.metadata["group"] for part in parts} == {"long.txt"}


def test_the_charset_is_found(tmp_path: Path, file: FileInput) -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 20
    (tmp_path / "r.txt").write_bytes(text.encode("cp1251"))
    [book] = books(tmp_path / "r.txt", file)
    assert book.text == text


def test_ten_megabytes_on_one_line_are_read(tmp_path: Path, file: FileInput) -> None:
    (tmp_path / "line.txt").write_bytes(b"word " * 2_000_000)
    parts = books(tmp_path / "line.txt", file)
    assert sum(len(part.text) for part in parts) == 10_000_000


def test_what_is_no_book_has_its_reason(tmp_path: Path, file: FileInput) -> None:
    for name, data, reason in [
        ("empty.txt", b"", "empty-file"),
        ("blank.txt", b" \n\n ", "empty"),
        ("binary.txt", b"\x7fELF\0\0\0", "binary"),
    ]:
        (tmp_path / name).write_bytes(data)
        [loss] = books(tmp_path / name, file)
        assert isinstance(loss, Loss)
        assert loss.reason == reason
    [loss] = books(tmp_path / "missing.txt", file)
    assert loss.reason == "unreadable"


def test_gutenberg_s_header_is_cut_and_says_what_the_book_is(tmp_path: Path, file: FileInput) -> None:
    text = (
        "Title: Emma\n\nAuthor: Jane Austen\n\nRelease date: August 1, 1994 [eBook #158]\n\nLanguage: English\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK EMMA ***\n\nEmma Woodhouse\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK EMMA ***\nlicence\n"
    )
    (tmp_path / "e.txt").write_text(text)
    [book] = books(tmp_path / "e.txt", file)
    assert (book.text, book.date) == ("Emma Woodhouse", "1994-08-01")
    assert book.metadata == {
        "title": "Emma",
        "author": "Jane Austen",
        "declared_language": "en",
        "gutenberg_number": "158",
        "gutenberg_cut": {"header": 145, "footer": 56},
        "group": "e.txt",
    }
    [book] = books(tmp_path / "e.txt", file, strip_gutenberg=False)
    assert book.text == text.strip()


def test_html_is_told_by_its_bytes_and_taken_whole(tmp_path: Path, file: FileInput) -> None:
    markup = "<!DOCTYPE html><html lang=de><title>Der  Titel</title><nav>x</nav><p>Eins</p><p>Zwei</p></html>"
    for name in ("b.html", "b.txt"):
        (tmp_path / name).write_text(markup)
        [book] = books(tmp_path / name, file)
        assert book.text == "Eins\n\nZwei"
        assert book.metadata == {"title": "Der Titel", "declared_language": "de", "group": name}


def test_compressed_text_is_read_and_damage_is_a_loss_beside_it(tmp_path: Path, file: FileInput) -> None:
    data = gzip.compress(random.Random(1).randbytes(60_000).hex().encode())
    (tmp_path / "b.txt").write_bytes(data)
    assert len(books(tmp_path / "b.txt", file)[0].text) == 120_000
    (tmp_path / "b.txt").write_bytes(data[:-1000])
    book, loss = books(tmp_path / "b.txt", file)
    assert 100_000 < len(book.text) < 120_000
    assert loss.reason == "truncated-gzip"


def test_millions_of_line_ends_take_linear_time(tmp_path: Path, file: FileInput) -> None:
    def read_lines(data: bytes) -> None:
        (tmp_path / "b.txt").write_bytes(data)
        assert {item.reason for item in books(tmp_path / "b.txt", file)} == {"empty"}

    assert_linear(read_lines, lambda size: b"\n" * size, 4_000_000)


@pytest.mark.realdata
@pytest.mark.skipif(not KANT.exists(), reason="../shared/data is not here")
def test_a_real_gutenberg_book_is_cut_at_both_ends(file: FileInput) -> None:
    [book] = books(KANT, file)
    assert book.text.startswith("[Illustration]\n\n\nThe Critique of Pure Reason")
    assert book.text.endswith("ardent desire for knowledge.")
    assert "Gutenberg" not in book.text
    assert (book.metadata["author"], book.metadata["declared_language"]) == ("Immanuel Kant", "en")
    assert book.date == "2003-07-01"
