"""A polite crawler of one host, and the WARC files that it leaves.

It asks robots.txt, stays on the host, visits a page once, one request at a time per server process, up to a
number of pages and a depth. Its output depends only on what the site serves: fixed dates, record ids made of
content, no server's name or clock.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

AGENT = "smelt-sample"
DATE = "2000-01-01T00:00:00Z"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:smelt:sample")
_KEPT_FIELDS = ("content-type", "content-length")  # Date and Server differ between runs


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response, as bytes of HTTP."""

    url: str
    request: bytes
    response: bytes
    body: bytes


def crawl(
    origin: str,
    ports: Sequence[int],
    *,
    pages: int,
    depth: int,
    wanted: Callable[[str], bool] = lambda url: True,
) -> Iterator[Exchange]:
    """Pages of the site, breadth first from "/", in an order that depends on the links alone.

    origin: the address under which the site is archived, "http://host".
    ports: loopback servers that all serve it.
    Pages that say that they are errors are not kept: the site has no status for that.
    """
    robots = RobotFileParser()
    robots.parse(_fetch(origin + "/robots.txt", ports[0]).body.decode("utf-8", "replace").splitlines())
    seen = {origin + "/"}
    level = [origin + "/"]
    taken = 0
    with ThreadPoolExecutor(len(ports)) as pool:
        for _ in range(depth + 1):
            found: list[str] = []
            for exchange in _fetch_all(level[: pages - taken], ports, pool):
                if b"<title>Pydoc: Error" in exchange.body[:4096]:
                    continue
                taken += 1
                yield exchange
                for url in _links(exchange):
                    if url not in seen and _allowed(url, origin, robots) and wanted(url):
                        seen.add(url)
                        found.append(url)
            level = found


def _allowed(url: str, origin: str, robots: RobotFileParser) -> bool:
    return url.startswith(origin + "/") and robots.can_fetch(AGENT, url)


def _fetch_all(urls: Sequence[str], ports: Sequence[int], pool: ThreadPoolExecutor) -> Iterator[Exchange]:
    """Responses in the order of `urls`; the n-th server gets every n-th address, one after the other."""

    def fetch_share(number: int) -> list[Exchange]:
        return [_fetch(url, ports[number]) for url in urls[number :: len(ports)]]

    shares = list(pool.map(fetch_share, range(len(ports))))
    for index in range(len(urls)):
        yield shares[index % len(ports)][index // len(ports)]


def _fetch(url: str, port: int) -> Exchange:
    parts = urlsplit(url)
    path = parts.path + ("?" + parts.query if parts.query else "")
    fields = {"Host": parts.netloc, "User-Agent": AGENT, "Accept": "text/html", "Connection": "close"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    request = _head(f"GET {path} HTTP/1.1", fields.items())
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() in _KEPT_FIELDS]
    response = _head(f"HTTP/1.0 {answer.status} {answer.reason}", kept) + body
    return Exchange(url, request, response, body)


def _head(first: str, fields: object) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in fields)]  # type: ignore[attr-defined]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def _links(exchange: Exchange) -> list[str]:
    """Absolute addresses of the page's links in order, without fragments."""
    parser = _Anchors()
    parser.feed(exchange.body.decode("utf-8", "replace"))
    return [urldefrag(urljoin(exchange.url, link))[0] for link in parser.links]


def write_warc(exchanges: Iterator[Exchange], folder: Path, *, file_bytes: int = 8 << 20) -> int:
    """Writes crawl-00000.warc.gz, ... of about `file_bytes` uncompressed; returns the number of pages.

    A gzip member holds one record.
    """
    folder.mkdir(parents=True)
    file = None
    pages = written = 0
    try:
        for exchange in exchanges:
            if file is None or written >= file_bytes:
                if file:
                    file.close()
                file = (folder / f"crawl-{len(list(folder.iterdir())):05d}.warc.gz").open("wb")
                written = file.write(_member(_warcinfo(Path(file.name).name)))
                written = 0
            for record in _records(exchange):
                file.write(_member(record))
                written += len(record)
            pages += 1
    finally:
        if file:
            file.close()
    return pages


def _member(record: bytes) -> bytes:
    return gzip.compress(record, 6, mtime=0)


def _warcinfo(name: str) -> bytes:
    text = b"software: smelt\r\nformat: WARC File Format 1.1\r\nrobots: obey\r\n"
    return _record("warcinfo", text, "application/warc-fields", [("WARC-Filename", name)])


def _records(exchange: Exchange) -> Iterator[bytes]:
    digest = base64.b32encode(hashlib.sha1(exchange.body).digest()).decode()
    target = ("WARC-Target-URI", exchange.url)
    response = _record_id("response", exchange.response, exchange.url)
    payload = ("WARC-Payload-Digest", f"sha1:{digest}")
    yield _record("response", exchange.response, "application/http; msgtype=response", [target, payload])
    concurrent = ("WARC-Concurrent-To", response)
    yield _record("request", exchange.request, "application/http; msgtype=request", [target, concurrent])


def _record_id(kind: str, block: bytes, url: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, kind + url + hashlib.sha256(block).hexdigest())}>"


def _record(kind: str, block: bytes, content_type: str, fields: Sequence[tuple[str, str]]) -> bytes:
    url = next((value for name, value in fields if name in ("WARC-Target-URI", "WARC-Filename")), "")
    head = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", _record_id(kind, block, url)),
        ("WARC-Date", DATE),
        *fields,
        ("Content-Type", content_type),
        ("Content-Length", str(len(block))),
    ]
    return _head("WARC/1.1", head) + block + b"\r\n\r\n"
