"""Bytes of an object over HTTP(S): ranged, conditional (RFC 9110, 13 and 14), every answer checked."""

from __future__ import annotations

import base64
import contextlib
import http.client
import importlib.metadata
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from email.message import Message
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from tasks.errors import ConfigError, TransientError
from tasks.io.answers import Changed, Refused, without_version
from tasks.io.location import shown
from tasks.io.object_version import Version
from tasks.io.retry import Broken, Silent, retry_after

HEAD_STALLS = 4  # times the stall that an answer may take to begin
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18})")
_LENGTH = re.compile(r"[0-9]{1,18}")


@cache
def _agent() -> str:
    try:
        version = importlib.metadata.version("smelt")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    return f"smelt/{version} (corpus builder; one connection per worker; honours Retry-After)"


class _BoundedAnswer:
    """A connection whose answer's head has to be there in time as a whole: a time-out of the socket is one byte's."""

    def getresponse(self) -> http.client.HTTPResponse:
        connection: Any = self
        late = threading.Event()
        timer = threading.Timer(HEAD_STALLS * connection.timeout, _hang_up, [connection.sock, late])
        timer.daemon = True
        timer.start()
        try:
            answer: http.client.HTTPResponse = super().getresponse()  # type: ignore[misc]
            return answer
        except (OSError, http.client.HTTPException):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()


def _hang_up(sock: socket.socket, late: threading.Event) -> None:
    """Ends a connection under the thread that reads it. TLS's own shutdown would talk to the other side."""
    late.set()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Connection(_BoundedAnswer, http.client.HTTPConnection): ...


class _SecureConnection(_BoundedAnswer, http.client.HTTPSConnection): ...


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_SecureConnection, req, context=_context())


@cache
def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS, redirects among them, proxies from the environment; no ftp:, no file:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        _Http,
        _Https,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def request_for(address: str) -> urllib.request.Request:
    """A request; `name:password@` of the address becomes an Authorization field that no redirect takes along."""
    try:
        parts = urlsplit(address)
        user, _, host = parts.netloc.rpartition("@")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        request = urllib.request.Request(urlunsplit((parts.scheme, host, path, parts.query, "")))
        if not host or parts.port == 0:
            raise ValueError("no host")
    except ValueError as error:
        raise ConfigError(f"ingest: {shown(address)} is no address ({error})") from None
    if user:
        token = base64.b64encode(unquote(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


class HttpBody:
    """The body of one answer. A server that ignores Range gives all from the beginning: `ahead` says how much."""

    def __init__(self, address: str, start: int, stop: int | None, expected: Version | None, stall: float):
        self._shown = shown(address)
        request = request_for(address)
        request.add_header("User-Agent", _agent())
        request.add_header("Accept-Encoding", "identity")
        request.add_header("Range", f"bytes={start}-{'' if stop is None else stop - 1}")
        if expected is not None and expected.strong:
            request.add_header("If-Match", expected.strong)
        self._response: http.client.HTTPResponse | None = None
        self._left = self.ahead = 0
        try:
            self._response = _opener().open(request, timeout=stall)
            self._begin(start, stop, expected)
        except urllib.error.HTTPError as error:
            self._refused(error, start, expected)
        except Exception as error:
            self.close()
            raise self._translated(error) from None

    def read(self, size: int) -> bytes:
        if self._left <= 0 or self._response is None:
            return b""
        try:
            data = self._response.read1(min(size, self._left))
        except (OSError, http.client.HTTPException) as error:
            raise self._translated(error) from None
        if not data:
            raise Broken(f"the transfer ended {self._left:,} bytes early")
        self._left -= len(data)
        self.ahead = max(0, self.ahead - len(data))
        return data

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _begin(self, start: int, stop: int | None, expected: Version | None) -> None:
        """Checks what the answer is of, and where it begins."""
        response = self._response
        assert response is not None
        if response.status == 206:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if not found or found[1] is None or int(found[1]) != start:
                raise Broken("the server answered with another range than asked for")
            first, size, last = start, int(found[3]), int(found[2]) + 1  # it may give less than asked for
        elif response.status == 200:
            length = response.headers.get("Content-Length", "")
            if not _LENGTH.fullmatch(length):
                raise without_version(self._shown)
            first, size, last = 0, int(length), int(length)
        else:
            raise Refused(f"http-{response.status}")
        self._check(size, response.headers, expected)
        self._left = (last if stop is None else min(stop, last)) - first
        self.ahead = start - first

    def _check(self, size: int, fields: Message, expected: Version | None) -> None:
        found = Version.of(size, fields.get("ETag"), fields.get("Last-Modified"))
        if found is None:
            raise without_version(self._shown)
        if expected is not None and found.digest != expected.digest:
            raise Changed
        self.version = found

    def _refused(self, error: urllib.error.HTTPError, start: int, expected: Version | None) -> None:
        """Raises what an error status means; an empty object answers a range with 416, which is no error."""
        with error:
            fields = error.headers
            if error.code == 416 and (found := _RANGE.fullmatch(fields.get("Content-Range", ""))):
                if int(found[3]) == 0 and start == 0:
                    return self._check(0, fields, expected)
                raise Changed
            if error.code == 412:
                raise Changed
            if error.code in TRANSIENT:
                raise Broken(f"the server says {error.code}", retry_after(fields.get("Retry-After")))
            raise Refused(f"http-{error.code}")

    def _translated(self, error: Exception) -> Exception:
        """What a failed exchange means; our own errors stay as they are."""
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message
            return ConfigError(f"ingest: {self._shown}: its certificate isn't accepted ({why})")
        if isinstance(
            cause, str | ValueError
        ):  # urllib's own, of a redirect to what isn't HTTP or no address
            return Refused("bad-redirect")
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            # Mistyped more often than passing, so no minutes of tries; the batch is tried again all the same.
            return TransientError(f"ingest: {self._shown} can't be had: the name of its host isn't known")
        if isinstance(cause, TimeoutError):
            return Silent("no byte came in time")
        if isinstance(cause, http.client.InvalidURL):
            return ConfigError(f"ingest: {self._shown} is no address")
        if isinstance(cause, OSError | http.client.HTTPException):
            # The text of an exception may quote the address; its kind and errno's words never do.
            return Broken(getattr(cause, "strerror", None) or type(cause).__name__)
        return error
