from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tasks.document import Document, Loss
from tasks.ingest.books import Source, read
from tasks.node import Input

FileInput = Callable[..., Input]


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
