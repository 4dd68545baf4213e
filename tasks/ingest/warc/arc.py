"""ARC, the Internet Archive's format before WARC, versions 1.0 and 1.1 with either list of fields.

A record is one line, URL IP-address Archive-date Content-type [Result-code Checksum Location Offset Filename]
Archive-length, and as many bytes as that says; a file begins with a record about itself (`filedesc://`).
URLs are found with spaces in them, so fields are counted from the end of the line.
"""

from __future__ import annotations

import re
from datetime import datetime

from tasks.ingest.warc.records import Format

_URL = rb"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\r\n]{0,4000}?"
_REST = (
    rb" (?P<ip>[^ \r\n]{1,45}) (?P<date>\d{12,18}|null|-) (?P<type>[^ \r\n]{1,200})(?: [^ \r\n]{1,400}){0,5}?"
)
_LINE = _URL + _REST + rb" [^ \r\n]{1,20}[ \t]*\r?\n"
_FIELDS = re.compile(rb"(?P<url>" + _URL + rb")" + _REST + rb" [^ \r\n]{1,20}\s*\Z")

ARC = Format(
    start=re.compile(_LINE),
    like=re.compile(_LINE),
    near=re.compile(rb"[\0-\xff]{0,2}?(?=" + _LINE + rb")"),
    next=re.compile(rb"\n(?=" + _LINE + rb")"),
    head_end=re.compile(rb"\n"),
    length=re.compile(rb" (\d{1,15})[ \t]*\r?\n\Z"),
    # One bad byte in the following line leaves its date or its length whole.
    end=re.compile(rb"\r?\n[^\n]{0,4000}?(?: \d{14} | \d{1,12}\r?\n)"),
    overlap=8192,
    sync=b"",
)


def fields(head: bytes) -> dict[str, str] | None:
    """A record's fields under the names that WARC gives them; None if the line can't be read.

    >>> fields(b"http://a.com/ 1.2.3.4 20040506070809 text/html 10\\n")["warc-date"]
    '2004-05-06T07:08:09Z'
    """
    found = _FIELDS.match(head)
    if not found:
        return None
    url = found["url"].decode("utf-8", "replace")
    return {
        "warc-type": "filedesc" if url.startswith("filedesc:") else "response",
        "warc-target-uri": url,
        "warc-date": _date(found["date"][:14].decode()),
        "content-type": found["type"].decode("latin-1"),
    }


def _date(digits: str) -> str:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return ""
