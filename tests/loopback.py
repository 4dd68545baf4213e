"""An HTTP server on loopback that misbehaves on demand: refuses, cuts off, stalls, changes, ignores conditions."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tasks.io.retry import Patience


@dataclass
class Fault:
    """What one request meets instead of a plain answer.

    status, fields: an error. cut: bytes of the body after which the connection ends; stall: after which nothing
    comes until the server stops. drip: the head comes byte by byte. before: called first (to change what is served).
    """

    status: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    drip: bool = False
    before: Callable[[], object] = lambda: None


class Loopback:
    """files: path -> bytes; etags: path -> ETag (one made of the content where there is none, "" for no ETag).

    faults: met by the next requests, one each; a None among them is a plain answer.
    honours: which of "range" and "if-match" it understands.
    """

    def __init__(self, files: dict[str, bytes]):
        self.files, self.etags = files, dict[str, str]()
        self.faults: list[Fault | None] = []
        self.honours = {"range", "if-match"}
        self.modified: str | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._released = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuses connections from now on, and ends those that stall."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self._server.server_port}/{path}"

    @property
    def ranges(self) -> list[str]:
        """The Range fields of the requests that asked for more than the version."""
        return [found for _, fields in self.requests if (found := fields["range"]) != "bytes=0-0"]

    def etag(self, path: str) -> str:
        return self.etags.get(path, f'"{hash(self.files[path]) & 0xFFFFFF:x}"')

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.lstrip("/").partition("?")[0]
        self.requests.append((path, {name.lower(): value for name, value in request.headers.items()}))
        fault = (self.faults.pop(0) if self.faults else None) or Fault()
        fault.before()
        while fault.drip and not self._released.wait(0.02):
            try:
                request.wfile.write(b"H")
            except OSError:  # the client has hung up
                return None
        if fault.status is not None:
            return self._send(request, fault.status, fault.fields, b"", Fault())
        if path not in self.files:
            return self._send(request, 404, {}, b"", Fault())
        data, etag = self.files[path], self.etag(path)
        fields = {"ETag": etag} if etag else {}
        if self.modified:
            fields["Last-Modified"] = self.modified
        wanted = request.headers.get("If-Match")
        if wanted and "if-match" in self.honours and wanted != etag:
            return self._send(request, 412, {}, b"", Fault())
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not found or "range" not in self.honours:
            return self._send(request, 200, fields, data, fault)
        start, stop = int(found[1]), min(len(data), int(found[2]) + 1) if found[2] else len(data)
        if start >= len(data):
            return self._send(request, 416, {"Content-Range": f"bytes */{len(data)}"}, b"", Fault())
        fields["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        return self._send(request, 206, fields, data[start:stop], fault)

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, fields: dict[str, str], body: bytes, fault: Fault
    ) -> None:
        request.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        end = fault.cut if fault.cut is not None else fault.stall
        try:
            request.wfile.write(body[:end])
            request.wfile.flush()
            if fault.stall is not None:
                self._released.wait(60)
        except OSError:
            pass  # the client has gone
        request.close_connection = True


class Time:
    """A clock that only sleeping moves, and what was slept."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def patience(self, **changes: object) -> Patience:
        """The default one by this clock; jitter takes the whole bound."""
        values = {
            "clock": lambda: self.now,
            "sleep": self.sleep,
            "draw": lambda: 1.0,
            "stall": 5.0,
            **changes,
        }
        return Patience(**values)  # type: ignore[arg-type]
