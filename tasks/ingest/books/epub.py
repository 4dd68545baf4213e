"""EPUB 2 and 3: a book's chapters in the order of its spine, and what its package says of it.

Only the standard library's zipfile and lxml, which the language-model harness brings anyway; ebooklib is under the
AGPL and reads an archive without bounds. Entities that a file declares itself are refused, nothing is fetched.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote

from tasks.io import BadArchive, open_archive, read_member
from tasks.record import Loss
from tasks.text import clean, decode

if TYPE_CHECKING:
    from tasks.ingest.books.html import Page

MAX_PACKAGE = 4 << 20  # bytes of the package document and of the other XML files
MAX_BOOK = 256 << 20  # bytes of a book's chapters
_TEXTS = frozenset(
    {
        "application/xhtml+xml",
        "text/html",
        "application/x-dtbook+xml",
        "text/x-oeb1-document",
        "application/xml",
    }
)
# Algorithms that hide embedded fonts: no rights are managed by them.
_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_CONTENTS = frozenset({"toc", "loi", "lot", "landmarks", "page-list"})
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
COVER_CHARACTERS = 400  # a cover with more text than this is more than a cover
MIN_LINKS, LINK_SHARE, UNNAMED_LINK_SHARE = 5, 0.5, 0.8


class Epub:
    """A book. Raises BadArchive: "bad-zip", "damaged-zip", "not-epub", "no-package", "bad-package", "encrypted"."""

    def __init__(self, file: IO[bytes]):
        self._archive = open_archive(file)
        self._members = {member.filename: member for member in self._archive.infolist()}
        self._path = self._package_path()
        package = self._xml(self._path)
        self._roles = self._guide(package)
        self.spine = list(self._spine(package))
        if not self.spine:
            raise BadArchive("no-package")
        encrypted = self._encrypted()
        if any(path in encrypted for path, _ in self.spine):
            raise BadArchive("encrypted")
        self.about = _about(package)
        self.left_out = Counter[str]()
        self.chapters = 0

    def texts(self, name: str, losses: list[Loss]) -> Iterator[str]:
        """The chapters' texts; a chapter that can't be read becomes a loss."""
        from tasks.ingest.books.html import MAX_BYTES, read_page

        budget = MAX_BOOK
        for path, properties in self.spine:
            member = self._members.get(path)
            if member is None:
                losses.append(Loss("missing-chapter", f"{name}#{path}"))
                continue
            try:
                data = read_member(self._archive, member, min(MAX_BYTES, budget))
            except BadArchive as error:
                losses.append(Loss(str(error), f"{name}#{path}", size=member.compress_size))
                if str(error) == "too-large" and budget < MAX_BYTES:
                    return
                continue
            budget -= len(data)
            page = read_page(decode(data, html=True)[0])
            apart = self._left_out(path, properties, page)
            if apart:
                self.left_out[apart] += 1
            elif page.text.strip():
                self.chapters += 1
                yield page.text + "\n\n"

    def _left_out(self, path: str, properties: str, page: Page) -> str | None:
        """Why a page of the spine is no chapter: what it is called counts only if it looks like it."""
        roles = {*self._roles.get(path, ()), *page.attributes.get("epub:type", "").split()}
        if "nav" in properties.split():
            return "navigation"
        if "cover" in roles and page.characters < COVER_CHARACTERS:
            return "cover"
        share = LINK_SHARE if roles & _CONTENTS else UNNAMED_LINK_SHARE
        return "contents" if page.links >= MIN_LINKS and page.link_share >= share else None

    def _package_path(self) -> str:
        if "META-INF/container.xml" not in self._members:
            raise BadArchive("not-epub")
        for element in self._xml("META-INF/container.xml").iter():
            if _name(element) == "rootfile" and element.get("full-path"):
                return str(element.get("full-path"))
        raise BadArchive("no-package")

    def _xml(self, path: str) -> Any:
        """The root element of a member."""
        from lxml import etree

        member = self._members.get(path)
        if member is None:
            raise BadArchive("no-package")
        text = _DECLARATION.sub("", decode(read_member(self._archive, member, MAX_PACKAGE))[0])
        if "<!ENTITY" in text:
            raise BadArchive("bad-package")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
        try:
            root = etree.fromstring(text.encode("utf-8", "replace"), parser)
        except (etree.LxmlError, ValueError):
            root = None
        if root is None:
            raise BadArchive("bad-package")
        return root

    def _spine(self, package: Any) -> Iterator[tuple[str, str]]:
        """(path in the archive, properties) of the texts in reading order, each once."""
        items: dict[str, tuple[str, str]] = {}
        for item in _all(package, "item"):
            if item.get("media-type", "") in _TEXTS and item.get("id") and item.get("href"):
                items[item.get("id")] = self._resolve(item.get("href")), item.get("properties", "")
        seen = set()
        for reference in _all(package, "itemref"):
            found = items.get(reference.get("idref", ""))
            if found and found[0] not in seen:
                seen.add(found[0])
                yield found

    def _guide(self, package: Any) -> dict[str, set[str]]:
        """EPUB 2's guide: path -> what it is said to be."""
        roles: dict[str, set[str]] = {}
        for reference in _all(package, "reference"):
            path = self._resolve(reference.get("href", ""))
            roles.setdefault(path, set()).add(reference.get("type", "").lower())
        return roles

    def _resolve(self, href: str, base: str | None = None) -> str:
        folder = posixpath.dirname(self._path) if base is None else base
        return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0]))).lstrip("/")

    def _encrypted(self) -> set[str]:
        """The members under rights management."""
        path = "META-INF/encryption.xml"
        if path not in self._members:
            return set()
        found = set()
        for data in _all(self._xml(path), "EncryptedData"):
            algorithms = {element.get("Algorithm") for element in _all(data, "EncryptionMethod")}
            if not algorithms or not algorithms <= _OBFUSCATION:
                found |= {
                    self._resolve(element.get("URI", ""), "") for element in _all(data, "CipherReference")
                }
        return found


def is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if _name(element) == name)


def _about(package: Any) -> dict[str, str]:
    """title, author, declared_language, date and rights, as far as they are there."""
    values: dict[str, list[str]] = {}
    dates: dict[str, str] = {}
    for element in package.iter():
        name = _name(element)
        if name not in ("title", "creator", "language", "date", "rights"):
            continue
        text = _line("".join(element.itertext()))
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        if not text or (name == "creator" and attributes.get("role", "aut") != "aut"):
            continue
        values.setdefault(name, []).append(text)
        if name == "date":
            dates.setdefault(attributes.get("event", ""), text)
    date = dates.get("publication") or dates.get("original-publication") or next(iter(dates.values()), "")
    iso = re.match(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?!\d)", date)
    about = {
        "title": next(iter(values.get("title", [])), ""),
        "author": "; ".join(dict.fromkeys(values.get("creator", [])))[:300],
        "declared_language": next(iter(values.get("language", [])), "")[:35],
        "date": iso[0] if iso else "",
        "rights": next(iter(values.get("rights", [])), ""),
    }
    return {name: value for name, value in about.items() if value}


def _line(text: str) -> str:

    return " ".join(clean(text).split())[:300]
