from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.document import Document
from tasks.ingest.warc.source import read_warc
from tasks.sample.crawl import crawl, write_warc

ORIGIN = "http://docs.invalid"
PAGES = {
    "/robots.txt": "User-agent: *\nDisallow: /private\n",
    "/": "<a href='b.html'>b</a> <a href='a.html#part'>a</a> <a href='/private/x.html'>x</a> <a href='http://other/'>o</a>",
    "/a.html": "<p>page a <a href='b.html'>b</a> <a href='deep.html'>deep</a> <a href='wrong.html'>w</a>",
    "/b.html": "<p>page b <a href='/'>home</a>",
    "/deep.html": "<p>deep <a href='deeper.html'>deeper</a>",
    "/deeper.html": "<p>deeper",
    "/wrong.html": "<title>Pydoc: Error - none</title>",
}


class Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = PAGES[self.path].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_links_are_followed_breadth_first_on_the_host_as_robots_allows(port: int) -> None:
    pages = [exchange.url.removeprefix(ORIGIN) for exchange in crawl(ORIGIN, [port, port], pages=99, depth=9)]
    assert pages == ["/", "/b.html", "/a.html", "/deep.html", "/deeper.html"]
    assert sorted(Site.asked) == sorted(["/robots.txt", *pages, "/wrong.html"])


def test_pages_and_depth_are_bounded(port: int) -> None:
    assert len(list(crawl(ORIGIN, [port], pages=2, depth=9))) == 2
    assert [exchange.url[len(ORIGIN) :] for exchange in crawl(ORIGIN, [port], pages=9, depth=1)] == [
        "/", "/b.html", "/a.html",
    ]  # fmt: skip


def test_the_archive_is_the_same_every_time_and_readable(port: int, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_warc(crawl(ORIGIN, [port], pages=99, depth=9), tmp_path / name, file_bytes=800)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) > 1
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    items = [item for name in files for item in read_warc(tmp_path / "one" / name)]
    documents = [item for item in items if isinstance(item, Document)]
    assert [item.url for item in documents][1:3] == [f"{ORIGIN}/b.html", f"{ORIGIN}/a.html"]
    assert sum(getattr(item, "reason", None) == "request" for item in items) == 5
