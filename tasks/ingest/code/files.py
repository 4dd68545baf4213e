"""What the kinds of code share: which files count, and a file's bytes to a document with language and licence."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import ClassVar

from pydantic import Field, field_validator

from tasks.ingest.code import generated, languages, licences, linguist, shebangs
from tasks.ingest.code.attributes import FILE, NOTHING, Attributes
from tasks.ingest.source import BaseSource
from tasks.record import Document, Loss, document_id
from tasks.text import clean, decode
from tasks.text import unreadable as is_unreadable

_LICENCE_FILE = re.compile(
    r"(?:[\w.]+-)?(?:licen[cs]es?|copying|unlicense)(?P<more>[.-][\w.+-]+)?$", re.IGNORECASE
)


class CodeSource(BaseSource):
    """languages: linguist's names to take; empty takes all but formats of data (JSON, YAML, XML, ...).
    extensions: further narrows by file name; null takes every extension of the languages.
    max_bytes: larger files are left out as `too-large`.
    max_line: a file with a longer line, or lines of over a quarter of it on average, is `minified`.
    licences: SPDX names to keep, "permissive" for all of `licences.PERMISSIVE`, "" for a licence that isn't known;
        empty keeps all. A file's own SPDX line or notice counts before the nearest licence file above it.
    leave_out_vendored: other projects' files: node_modules, third_party, jquery, ...
    leave_out_generated: files that say that they are generated, or are named so.
    Links are lost as `link`, those that a glob meets too: a tree may link to any file of the machine. A repository
    that is a link is named in `paths` itself.
    What a repository's .gitattributes say (linguist-language, -vendored, -generated) goes before all of this.
    """

    links_in_globs: ClassVar[bool] = False

    languages: list[str] = Field(default_factory=list)
    extensions: list[str] | None = None
    max_bytes: int = Field(default=1 << 20, ge=1)
    max_line: int = Field(default=4000, ge=80)
    licences: list[str] = Field(default_factory=list)
    leave_out_vendored: bool = True
    leave_out_generated: bool = True

    @field_validator("languages")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        unknown = sorted(set(value) - linguist.LANGUAGES)
        if unknown:
            raise ValueError(
                f"no language {unknown[0]!r}; there are {', '.join(sorted(linguist.LANGUAGES, key=str.lower))}"
            )
        return value

    def wants(self, path: str, said: Attributes = NOTHING) -> bool:
        """Whether a file can be one of the source's by its name, or by the language that .gitattributes give it."""
        if self.extensions is not None and not path.lower().endswith(tuple(self.extensions)):
            return False
        if said.language:
            return self.takes(said.language)
        found = languages.by_name(path)
        if not found and self.extensions is None and languages.may_be_script(path):
            return any(map(self.takes, shebangs.LANGUAGES))
        return any(map(self.takes, found)) or (
            not found and self.extensions is not None and not self.languages
        )

    def takes(self, language: str | None) -> bool:
        """Whether a language is one of the source's. An unknown one is where `extensions` asks for its files."""
        if self.languages:
            return language in self.languages
        return self.extensions is not None or (language is not None and language not in linguist.DATA)


def side_role(name: str) -> str | None:
    """What a file, "repository/path", says about others: "licences" or "attributes"; None if nothing."""
    if name.rpartition("/")[2] == FILE:
        return "attributes"
    return "licences" if is_licence(name) else None


def is_licence(name: str) -> bool:
    """Whether a file, "repository/path", is a licence.

    >>> is_licence("repo/LICENSE-MIT"), is_licence("repo/x/COPYING"), is_licence("repo/license.py")
    (True, True, False)
    """
    found = _LICENCE_FILE.match(name.rpartition("/")[2]) if "/" in name else None
    return bool(found) and (
        languages.extension(name) in (".md", ".rst", ".html") or not languages.by_name(name)
    )


def document_of(
    source: CodeSource,
    repository: str,
    path: str,
    data: bytes,
    licence: str | None,
    said: Attributes = NOTHING,
    **more: str,
) -> Document | Loss:
    """The document of a file, or the reason why it is none.

    licence: of the folder; the file's own notice goes before. said: by .gitattributes. more: further metadata.
    """

    name = f"{repository}/{path}"
    reason = refusal(source, path, len(data), said) or ("binary" if generated.is_binary(data) else None)
    text = language = None
    if not reason:
        text = clean(decode(data)[0])
        language = said.language or languages.by_content(path, text)
        licence = licences.of_header(text) or licence
        reason = _by_text(source, text, language, said) or ("bad-charset" if is_unreadable(text) else None)
    if not reason and source.licences and not licences.allowed(licence, source.licences):
        reason = "licence"
    if reason or text is None:
        return Loss(reason or "binary", name, size=len(data))
    about = {"repository": repository, "path": path, "language": language, "licence": licence, **more}
    return Document(
        document_id(source.name, name, ""),
        text,
        source=source.name,
        kind="code",
        metadata={key: clean(value) for key, value in about.items() if value}
        | {"group": clean(source.group_of(name, default_group(repository, path)))},
    )


def refusal(source: CodeSource, path: str, size: int, said: Attributes = NOTHING) -> str | None:
    """Why a file is none of the source's, as far as its path in the repository, attributes and size tell."""
    if source.leave_out_vendored and (
        generated.is_vendored(path) if said.vendored is None else said.vendored
    ):
        return "vendored"
    by_name = generated.is_generated_name(path) if said.generated is None else said.generated
    if source.leave_out_generated and by_name:
        return "generated"
    return "too-large" if size > source.max_bytes else None


def _by_text(source: CodeSource, text: str, language: str | None, said: Attributes) -> str | None:
    if not text.strip():
        return "empty"
    if not source.takes(language):
        return "language"
    if source.leave_out_generated and said.generated is None and generated.is_generated(text):
        return "generated"
    return "minified" if generated.is_minified(language, text, source.max_line) else None


def default_group(repository: str, path: str) -> str:
    """Repository and first part of the path, without the extension.

    >>> default_group("stdlib", "json/decoder.py"), default_group("stdlib", "json.py")
    ('stdlib/json', 'stdlib/json')
    """
    return f"{repository}/{PurePosixPath(path.partition('/')[0]).stem}"


def nearest(folders: dict[str, str | None], name: str) -> str | None:
    """The value of the closest folder above a file."""
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in folders:
            return folders[folder]
    return None
