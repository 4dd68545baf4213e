from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.document import Document, Loss
from tasks.ingest.books import epub
from tasks.ingest.books.source import Source, read
from tasks.io import archive
from tasks.node import Input

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
    "<dc:title>A Tale</dc:title><dc:title>Part</dc:title><dc:creator>Ann</dc:creator>"
    '<dc:creator opf:role="trl">Tom</dc:creator><dc:creator opf:role="aut">Bob</dc:creator>'
    '<dc:language>en-GB</dc:language><dc:date opf:event="creation">2020-02-02</dc:date>'
    '<dc:date opf:event="publication">1859</dc:date></metadata>'
)


def page(text: str, body: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f"<body {body}><p>{text}</p></body></html>"
    )


def opf(spine: list[str], properties: Mapping[str, str] | None = None, more: str = "") -> str:
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml" properties="{(properties or {}).get(name, "")}"/>'
        for n, name in enumerate(spine)
    )
    references = "".join(f'<itemref idref="i{n}"/>' for n in range(len(spine)))
    return (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{METADATA}<manifest>{items}'
        f'<item id="css" href="a.css" media-type="text/css"/></manifest><spine>{references}'
        f'<itemref idref="css"/></spine>{more}</package>'
    )


def make(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def book(chapters: Mapping[str, str], **keys) -> dict[str, str | bytes]:
    return {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": opf(list(chapters), **keys),
        **{f"OEBPS/{name}": text for name, text in chapters.items()},
    }


def items(folder: Path, data: bytes, name: str = "b.epub") -> list[Document | Loss]:
    (folder / name).write_bytes(data)
    return list(read(Source(name="b", paths=["."]), Input(name, str(folder / name), "d"), {}))


def test_chapters_come_in_spine_order_and_a_missing_one_is_a_loss_beside_the_book(tmp_path: Path) -> None:
    members = book({"z.xhtml": page("First."), "gone.xhtml": "", "c.xhtml": page("Last.")})
    del members["OEBPS/gone.xhtml"]
    made, loss = items(tmp_path, make(members))
    assert made.text == "First.\n\nLast."
    assert made.date == "1859"
    assert made.metadata == {
        "title": "A Tale", "author": "Ann; Bob", "declared_language": "en-GB", "chapters": 2, "group": "b.epub",
    }  # fmt: skip
    assert loss.reason == "missing-chapter"
    assert loss.where == "b.epub#OEBPS/gone.xhtml"


def test_addresses_are_unescaped_and_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    members = book({"a%20b.xhtml": ""}) | {"OEBPS/a b.xhtml": page("Spaced.")}
    assert items(tmp_path, make(members), "b.txt")[0].text == "Spaced."


def test_navigation_cover_and_contents_are_left_out_and_counted(tmp_path: Path) -> None:
    links = "".join(f'<a href="c{n}.xhtml">Chapter {n}</a>' for n in range(9))
    chapters = {
        "nav.xhtml": page(links),
        "cover.xhtml": page("A TALE"),
        "contents.xhtml": page("Contents " + links),
        "unnamed.xhtml": page(links),
        "c1.xhtml": page('It began <a href="#n1">1</a>.'),
        "notes.xhtml": page("1. A note, which is long enough to read.", 'epub:type="toc"'),
    }
    guide = (
        '<guide><reference type="cover" href="cover.xhtml"/><reference type="toc" href="contents.xhtml#t"/>'
        '<reference type="toc" href="c1.xhtml#toc"/></guide>'
    )
    [made] = items(tmp_path, make(book(chapters, properties={"nav.xhtml": "nav"}, more=guide)))
    assert made.text == "It began 1.\n\n1. A note, which is long enough to read."
    assert made.metadata["left_out"] == {"contents": 2, "cover": 1, "navigation": 1}


def test_gutenberg_s_header_and_footer_are_cut(tmp_path: Path) -> None:
    chapters = {
        "a.xhtml": page("*** START OF THE PROJECT GUTENBERG EBOOK A TALE ***") + "<p>One.</p>",
        "b.xhtml": page("Two.</p><p>*** END OF THE PROJECT GUTENBERG EBOOK A TALE ***</p><p>Licence"),
    }
    [made] = items(tmp_path, make(book(chapters)))
    assert made.text == "One.\n\nTwo."
    assert made.metadata["gutenberg_cut"]["header"] > 0


def encryption(algorithm: str, path: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
        f'<e:EncryptedData><e:EncryptionMethod Algorithm="{algorithm}"/><e:CipherData><e:CipherReference URI="{path}"/>'
        "</e:CipherData></e:EncryptedData></encryption>"
    )


def test_rights_management_is_a_reason_and_hidden_fonts_are_none(tmp_path: Path) -> None:
    members = book({"a.xhtml": page("One.")})
    aes = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/a.xhtml")
    [loss] = items(tmp_path, make(members | {"META-INF/encryption.xml": aes}))
    assert loss.reason == "encrypted"
    font = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert items(tmp_path, make(members | {"META-INF/encryption.xml": font}))[0].text == "One."


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"a.txt": "x"}, "not-epub"),
        ({"META-INF/container.xml": CONTAINER}, "no-package"),
        ({"META-INF/container.xml": "<container/>"}, "no-package"),
        ({"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": ""}, "bad-package"),
        ({"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": "<package/>"}, "no-package"),
        (
            {
                "META-INF/container.xml": CONTAINER,
                "OEBPS/book.opf": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + opf(["a"]),
            },
            "bad-package",
        ),
        (book({"a.xhtml": page("")}), "empty"),
    ],
)
def test_what_is_no_book_has_its_reason(tmp_path: Path, members: dict, reason: str) -> None:
    [loss] = items(tmp_path, make(members))
    assert loss.reason == reason


def test_entities_in_chapters_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE h [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    [made] = items(tmp_path, make(book({"a.xhtml": bomb + page("x &b; &f; y")})))
    assert "root:" not in made.text
    assert "aaaa" not in made.text.partition("x ")[2]


def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ingest.books.html.MAX_BYTES", 1 << 20)
    members = book({"a.xhtml": page("One."), "bomb.xhtml": " " * (4 << 20), "b.xhtml": page("Two.")})
    made, loss = items(tmp_path, make(members))
    assert made.text == "One.\n\nTwo."
    assert loss.reason == "too-large"
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    assert [item.reason for item in items(tmp_path, make(members))] == ["too-large"]


def test_the_chapters_of_a_book_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epub, "MAX_BOOK", 3000)
    chapters = {f"c{n}.xhtml": page("word " * 100) for n in range(20)}
    made, loss = items(tmp_path, make(book(chapters)))
    assert made.metadata["chapters"] < 5
    assert loss.reason == "too-large"


def test_damage_anywhere_ends_in_documents_or_reasons(tmp_path: Path) -> None:
    whole = make(book({"a.xhtml": page("One."), "b.xhtml": page("Two.")}))
    random.seed(1)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(random.randint(1, 6)):
            data[random.randrange(len(data))] = random.randrange(256)
        if random.random() < 0.3:
            data = data[: random.randrange(len(data))]
        assert items(tmp_path, bytes(data))
