"""HTTP messages as crawlers store them: status, fields, the body with its codings undone, within bounds."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

MAX_PAYLOAD = 64 << 20  # decoded

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b[^\r\n]*\r?\n")  # HTTP/2 has no minor version
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


class BadMessage(Exception):
    """The message can't be read; its text is the reason, in kebab-case."""


@dataclass(slots=True)
class Message:
    """A response. fields: lower-case name -> value, the last one if a field is repeated."""

    status: int
    fields: dict[str, str]
    body: bytes

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
    head, body = (data[status.end() : end.start()], data[end.end() :]) if end else (data[status.end() :], b"")
    fields: dict[str, str] = {}
    name = ""
    for line in head.decode("latin-1").splitlines():
        if line[:1] in " \t" and name:  # a folded line
            fields[name] += " " + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return Message(int(status[1]), fields, body)


def payload(message: Message) -> bytes:
    """The body with transfer and content codings undone.

    Many crawlers store the decoded body under the original fields, so a coding counts only if the bytes bear
    it out. Raises BadMessage: "bad-chunking", "bad-encoding", "unsupported-encoding", "too-large".
    """
    body = message.body
    if "chunked" in message.fields.get("transfer-encoding", "").lower():
        body = _dechunk(body)
    for coding in reversed(message.fields.get("content-encoding", "").lower().split(",")):
        body = _decode(body, coding.strip())
    return body


def _dechunk(body: bytes) -> bytes:
    if not _CHUNK.match(body):
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
        return _inflate(body, 31) if body.startswith(b"\x1f\x8b") else body
    if coding == "deflate":  # zlib as RFC 9110 says, or the raw stream that some servers send
        if body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0:
            return _inflate(body, 15)
        try:
            return _inflate(body, -15)
        except BadMessage:
            if body.lstrip()[:1] == b"<":
                return body
            raise
    if body.lstrip()[:1] == b"<":  # br and zstd streams can't begin so
        return body
    if coding in ("br", "zstd"):
        return _stream(body, coding)
    raise BadMessage("unsupported-encoding")


def _inflate(body: bytes, window_bits: int) -> bytes:
    out, unit = bytearray(), zlib.decompressobj(window_bits)
    try:
        while body and not unit.eof:
            out += unit.decompress(body, 1 << 20)
            body = unit.unconsumed_tail
            if len(out) > MAX_PAYLOAD:
                raise BadMessage("too-large")
    except zlib.error:
        raise BadMessage("bad-encoding") from None
    if not unit.eof and not out:
        raise BadMessage("bad-encoding")
    return bytes(out)  # a stream cut short, as crawlers with a size limit leave it, gives what it holds


def _stream(body: bytes, coding: str) -> bytes:
    import io

    from fastwarc import stream_io

    out = bytearray()
    reader = (stream_io.BrotliReader if coding == "br" else stream_io.ZstdReader)(io.BytesIO(body))
    try:
        while chunk := reader.read(1 << 20):
            out += chunk
            if len(out) > MAX_PAYLOAD:
                raise BadMessage("too-large")
    except (OSError, ValueError):
        raise BadMessage("bad-encoding") from None
    return bytes(out)
