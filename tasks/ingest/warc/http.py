"""HTTP messages as crawlers store them: status, fields, the body with its codings undone, within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.io import inflate

MAX_PAYLOAD = 12 << 20  # decoded; as `records.MAX_BODY`
MAX_CODINGS = 8  # stacked; each may take MAX_PAYLOAD's time

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b[^\r\n]*\r?\n")  # HTTP/2 has no minor version
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


class BadMessage(Exception):
    """The message can't be read; its text is the reason, in kebab-case."""


@dataclass(slots=True)
class Message:
    """A response. fields: lower-case name -> value, the last one if a field is repeated.

    data: the whole message, whose body, still with its codings, begins at `start`.
    """

    status: int
    fields: dict[str, str]
    data: bytes
    start: int = 0

    @property
    def body(self) -> bytes:
        return self.data[self.start :]

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters; "" if not given."""
        return media_type(self.fields.get("content-type", ""))

    @property
    def charset(self) -> str | None:
        found = _CHARSET.search(self.fields.get("content-type", ""))
        return found[1] if found else None


def media_type(value: str) -> str:
    """
    >>> media_type("Text/HTML; charset=utf-8")
    'text/html'
    """
    return value.split(";")[0].strip().lower()


def parse(data: bytes) -> Message:
    """A response from its bytes; the body still has its codings. Raises BadMessage("bad-http")."""
    status = _STATUS.match(data)
    if not status:
        raise BadMessage("bad-http")
    end = _HEAD_END.search(data, status.end() - 2)
    head = data[status.end() : end.start() if end else None]
    fields = parse_fields(head.decode("latin-1"))
    return Message(int(status[1]), fields, data, end.end() if end else len(data))


def parse_fields(head: str) -> dict[str, str]:
    """Header lines as lower-case name -> value; the last one counts, folded lines are joined, others passed over.

    >>> parse_fields("A: b\\r\\n c\\r\\nno field\\r\\na-B : d")
    {'a': 'b c', 'a-b': 'd'}
    """
    fields: dict[str, str] = {}
    name = ""
    for line in head.split("\n"):
        if line[:1] in (" ", "\t") and name:
            fields[name] += " " + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def payload(message: Message) -> bytes:
    """The body with transfer and content codings undone.

    Many crawlers store the decoded body under the original fields, so a coding counts only if the bytes bear
    it out. Raises BadMessage: "bad-chunking", "bad-encoding", "unsupported-encoding", "too-large".
    """
    body = dechunked(message)
    codings = [coding.strip() for coding in message.fields.get("content-encoding", "").lower().split(",")]
    if len(codings) > MAX_CODINGS:
        raise BadMessage("unsupported-encoding")
    for coding in reversed(codings):
        body = _decode(body, coding)
    return body


def dechunked(message: Message) -> bytes:
    """The body without its chunks' sizes; the body itself if it isn't chunked. Raises BadMessage("bad-chunking")."""
    body = message.body
    if "chunked" not in message.fields.get("transfer-encoding", "").lower() or not _CHUNK.match(body):
        return body
    parts: list[bytes] = []
    at = 0
    while head := _CHUNK.match(body, at):
        size = int(head[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[head.end() : head.end() + size])
        if len(parts[-1]) < size:
            break
        at = head.end() + size
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    raise BadMessage("bad-chunking")


def _decode(body: bytes, coding: str) -> bytes:
    if coding in ("", "identity", "none", "utf-8") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _gunzip(body) if body.startswith(b"\x1f\x8b") else body
    if coding == "zstd":
        return _stream(body, coding) if body.startswith(b"\x28\xb5\x2f\xfd") else body
    try:
        if coding == "deflate":  # zlib as RFC 9110 says, or the raw stream that some servers send
            zlib_head = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            return _inflate(body, 15 if zlib_head else -15)[0]
        if coding == "br":
            return _stream(body, coding)
    except BadMessage as error:
        if str(error) == "bad-encoding" and _is_text(
            body
        ):  # raw deflate and brotli have no mark of their own
            return body
        raise
    if body.lstrip()[:1] == b"<":
        return body
    raise BadMessage("unsupported-encoding")


def _is_text(body: bytes) -> bool:
    """Whether bytes that should have been compressed are plain text, by their first 512."""
    start = body[:512]
    return not _CONTROL.search(start) and (start.isascii() or body.lstrip()[:1] == b"<")


def _gunzip(body: bytes) -> bytes:
    """All members; what stands behind the last one is ignored, as browsers do."""
    out = b""
    while body.startswith(b"\x1f\x8b"):
        more, body = _inflate(body, 31, MAX_PAYLOAD - len(out))
        out = out + more if out else more
    return out


def _inflate(body: bytes, window_bits: int, limit: int | None = None) -> tuple[bytes, bytes]:
    """The decompressed bytes, and what follows the stream."""
    out, size, unit = [], 0, inflate.decompressobj(window_bits)
    limit = MAX_PAYLOAD if limit is None else limit
    try:
        while body and not unit.eof:
            out.append(unit.decompress(body, 1 << 20))
            size += len(out[-1])
            body = unit.unused_data if unit.eof else unit.unconsumed_tail
            if size > limit:
                raise BadMessage("too-large")
    except inflate.Error:
        raise BadMessage("bad-encoding") from None
    if not unit.eof and not size:
        raise BadMessage("bad-encoding")
    # A stream cut short, as crawlers with a size limit leave it, gives what it holds.
    return b"".join(out), body


def _stream(body: bytes, coding: str) -> bytes:
    import io

    from fastwarc import stream_io

    out, size = [], 0
    reader = (stream_io.BrotliReader if coding == "br" else stream_io.ZstdReader)(io.BytesIO(body))
    try:
        while chunk := reader.read(1 << 18):
            out.append(chunk)
            size += len(chunk)
            if size > MAX_PAYLOAD:
                raise BadMessage("too-large")
    except (OSError, ValueError):
        raise BadMessage("bad-encoding") from None
    return b"".join(out)
