"""What Project Gutenberg puts around its books: found, taken for what it says of the book, and cut.

Since 2003 the text stands between "*** START OF THE PROJECT GUTENBERG EBOOK ... ***" and "*** END OF ... ***"
(THIS for THE, ETEXT for EBOOK, two or three stars, a title that runs over lines). Before, it came after the
"small print", whose end is "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*...", and ended with a line "End of the
Project Gutenberg Etext of ...". A header is cut only at such a mark within the first `HEADER` characters; a footer
at the END mark or the start of the licence, wherever it comes, or at an "End of ..." line near the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

HEADER = 64 << 10  # characters in which a header must end
TAIL = 4000  # characters at the end of the file in which an "End of ..." line ends the book

_KIND = r"(?:THE |THIS )?(?:COPYRIGHTED )?PROJECT GUTENBERG"
_START = re.compile(
    rf"^[ \t]*\*{{2,3}}[ \t]*START OF {_KIND}"
    r"(?:(?:[^*\n]|\n(?![ \t]*\n)){0,400}?\*\*\*|[^\n]*)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_END = re.compile(
    rf"^[ \t]*\*{{2,3}}[ \t]*(?:END OF {_KIND}|START: FULL LICEN[CS]E)", re.IGNORECASE | re.MULTILINE
)
_SMALL_PRINT_START = re.compile(r"START\*+ ?THE SMALL PRINT!", re.IGNORECASE)
_SMALL_PRINT_END = re.compile(
    r"^[ \t]*\*+[ \t]*END[ \t]*\*?[ \t]*(?:OF )?THE SMALL PRINT![^\n]*", re.IGNORECASE | re.MULTILINE
)
_SOFT_END = re.compile(
    r"^[ \t*]*(?:(?:The )?End of (?:the |this )?(?:is )?(?:COPYRIGHTED )?Project Gutenberg|"
    r"This is (?:the end of )?a COPYRIGHTED Project Gutenberg|"
    r"Ende? (?:dieses|de ce|de este) Proje[ck]te?s? Gutenberg)",
    re.IGNORECASE | re.MULTILINE,
)
_CREDITS = re.compile(
    r"\s*((?:Produced by|E-?text (?:prepared|produced) by|Transcribed (?:from|by)|Scanned (?:and \w+ )?by|"
    r"This e(?:-?text|book) was (?:produced|prepared|transcribed|scanned))(?:[^\n]|\n(?![ \t]*\n)){0,800})\n[ \t]*(?=\n)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[ \t]*(Title|Authors?|Translator|Editor|Release Date|Posting Date|Language)[ \t]*:[ \t]*"
    r"(\S[^\n]*(?:\n[ \t]+\S[^\n:]*$)*)",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"\[?E-?(?:book|text) ?#(\d{1,7})\]", re.IGNORECASE)
_OLD_TITLE = re.compile(
    r"^\W*(?:This is )?(?:The )?Project Gutenberg(?:'s)?(?: E-?text| E-?book)?(?: of|,)? (.{2,200}?),? by (.{2,100}?)\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_DATE = re.compile(r"([A-Za-z]{3,9})\.?,? +(?:(\d{1,2}), *)?(\d{4})\b|(\d{4}-\d\d-\d\d)\b")
LANGUAGES = {
    "afrikaans": "af", "arabic": "ar", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "esperanto": "eo", "estonian": "et", "finnish": "fi",
    "french": "fr", "frisian": "fy", "friulian": "fur", "galician": "gl", "german": "de", "greek": "el",
    "hebrew": "he", "hungarian": "hu", "icelandic": "is", "interlingua": "ia", "irish": "ga", "italian": "it",
    "japanese": "ja", "korean": "ko", "latin": "la", "lithuanian": "lt", "maori": "mi", "norwegian": "no",
    "occitan": "oc", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "sanskrit": "sa",
    "scots": "sco", "scottish gaelic": "gd", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es",
    "swedish": "sv", "tagalog": "tl", "telugu": "te", "turkish": "tr", "welsh": "cy", "yiddish": "yi",
}  # fmt: skip


@dataclass(slots=True)
class Cut:
    """What was found: the header's fields, and how many characters were cut at either end (0: nothing)."""

    header: int = 0
    footer: int = 0
    about: dict[str, str] = field(default_factory=dict)


def strip(pieces: Iterable[str], cut: Cut) -> Iterator[str]:
    """The book without what surrounds it; memory is bounded. `cut.header` is set before the first piece comes."""
    iterator = iter(pieces)
    held: list[str] = []
    size = 0
    for piece in iterator:
        held.append(piece.replace("\r\n", "\n"))
        size += len(piece)
        if size >= HEADER:
            break
    head = "".join(held)
    start = _text_start(head)
    if start:
        cut.about = fields(head[:start])
        start += _credits(head[start : start + 4000], cut)
        cut.header = start
    yield from _without_footers(_chain(head[start:], iterator), cut)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    for piece in rest:
        yield piece.replace("\r\n", "\n")


def _text_start(head: str) -> int:
    """Where the book begins, 0 without an unmistakable mark."""
    mark = _START.search(head, 0, HEADER)
    if mark:
        small = _SMALL_PRINT_START.search(head, mark.end(), mark.end() + 3000)
        end = _SMALL_PRINT_END.search(head, small.end()) if small else None
        return end.end() if end else mark.end()
    end = _SMALL_PRINT_END.search(head, 0, HEADER)
    return end.end() if end and "Project Gutenberg" in head[: end.start()] else 0


def _credits(start: str, cut: Cut) -> int:
    """The length of the producers' names at the start of a book."""
    found = _CREDITS.match(start)
    if not found:
        return 0
    cut.about["credits"] = " ".join(found[1].split())[:300]
    return found.end()


def _without_footers(pieces: Iterator[str], cut: Cut) -> Iterator[str]:
    """The text up to an END mark, and on from a later START mark (volumes that were joined)."""
    text, inside = "", True
    for piece in pieces:
        text += piece
        while mark := (_END if inside else _START).search(text):
            if inside:
                end = _soft_end(text, max(0, mark.start() - TAIL), mark.start())
                yield text[:end].rstrip()
                cut.footer += mark.start() - end
                text = text[mark.start() :]
                # The END mark's own line must not be taken for a START mark's, nor found again.
                inside = False
            else:
                cut.footer += mark.end()
                yield "\n\n"
                text = text[mark.end() :]
                inside = True
        flushed = text.rfind("\n", 0, -TAIL) + 1 or max(0, len(text) - TAIL)
        if inside:
            yield text[:flushed]
        else:
            cut.footer += flushed
        text = text[flushed:]
    if inside:
        end = _soft_end(text, max(0, len(text) - TAIL), len(text))
        cut.footer += len(text) - end
        yield text[:end].rstrip() if end < len(text) else text
    else:
        cut.footer += len(text)


def _soft_end(text: str, start: int, stop: int) -> int:
    """Where an "End of the Project Gutenberg EBook of ..." line between start and stop begins; stop without one."""
    found = _SOFT_END.search(text, start, stop)
    return found.start() if found else stop


def fields(header: str) -> dict[str, str]:
    """What a header says: title, author, translator, language (code), released (ISO 8601), number.

    >>> fields("Title: Emma\\n\\nAuthor: Jane Austen\\n\\nRelease Date: August, 1994 [EBook #158]\\n")
    {'title': 'Emma', 'author': 'Jane Austen', 'released': '1994-08', 'number': '158'}
    """
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(header):
        name = name.lower().replace("authors", "author")
        text = " ".join(value.split())
        if name in ("release date", "posting date"):
            text = iso_date(value.split("\n")[0]) or ""
            name = "released"
        elif name == "language":
            text = LANGUAGES.get(re.split(r"[,;/(]| and ", text.lower())[0].strip(), "")
        if text:
            found.setdefault(name, text[:300])
    if "title" not in found and (old := _OLD_TITLE.search(header, 0, 2000)):
        found["title"], found["author"] = old[1].strip(), old[2].strip()
    if number := _NUMBER.search(header):
        found["number"] = number[1]
        line = header[header.rfind("\n", 0, number.start()) + 1 : number.start()]
        if "released" not in found and (date := iso_date(line)):
            found["released"] = date
    return found


def iso_date(text: str) -> str | None:
    """The first date in a text, as precise as it is.

    >>> iso_date("July 1, 2003 [eBook #4280]"), iso_date("March, 1994"), iso_date("2005-02-03"), iso_date("soon")
    ('2003-07-01', '1994-03', '2005-02-03', None)
    """
    for month, day, year, whole in _DATE.findall(text):
        if whole:
            return str(whole)
        number, rest = divmod(_MONTHS.find(month[:3].lower()), 3)
        if number >= 0 and not rest:
            return f"{year}-{number + 1:02}" + (f"-{int(day):02}" if day and 0 < int(day) < 32 else "")
    return None
