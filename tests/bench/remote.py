"""CPU seconds of reading a crawl's file over loopback HTTP against reading it from disk.

    python tests/bench/remote.py FILE [ROUNDS] [read unpack documents]

The server runs in a process of its own; only this process's time counts. Both sides in turn, medians of the rounds.
"""

from __future__ import annotations

import functools
import http.server
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.ingest.warc.source import read_warc
from tasks.io.container import chunks
from tasks.io.remote_file import RemotePath

BLOCK = 64 << 10


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that has seen enough hangs up: no error here."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def serve(folder: str, port: Any) -> None:
    server = Server(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    port.send(server.server_port)
    server.serve_forever()


def read(path: Any) -> None:
    with path.open("rb") as file:
        while file.read(BLOCK):
            pass


def unpack(path: Any) -> None:
    with path.open("rb") as file:
        for _ in chunks(file, b"WARC/"):
            pass


def documents(path: Any) -> None:
    for _ in read_warc(path, name="file"):
        pass


def cpu(function: Callable[[Any], None], path: Any) -> float:
    start = time.process_time()
    function(path)
    return time.process_time() - start


def main() -> None:
    file, rounds = Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(str(file.parent), there), daemon=True
    )
    server.start()
    remote = RemotePath(f"http://127.0.0.1:{here.recv()}/{file.name}")
    size = file.stat().st_size / 1e6
    print(f"{file.name}: {size:.1f} MB")
    for function in (globals()[name] for name in sys.argv[3:] or ["read", "unpack", "documents"]):
        pairs = [(cpu(function, file), cpu(function, remote)) for _ in range(rounds)]
        local, afar = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(
            f"{function.__name__:10} local {local:.3f} s ({size / local:.0f} MB/s), "
            f"loopback {afar:.3f} s ({size / afar:.0f} MB/s), {afar / local:.2f} x"
        )
    server.terminate()


if __name__ == "__main__":
    main()
