"""WARC to Parquet with resiliparse's main content, against the bare loop over fastwarc and resiliparse.

The bare loop gives texts; smelt also checks digests, frames and resynchronises, bounds what hostile pages cost, tidies
the text, reads title, language and canonical address, and writes documents, ledger and table of files. Both run in turn
in one process, in CPU seconds, on real pages: ../shared/data/warc (or the folder given as the argument).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 5
DATA = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared" / "data" / "warc"
PAGES = ["derived-html/trafilatura-0.warc.gz"]
CRAWL = ["dolma/sample-0000.warc.gz", "whirlwind/whirlwind.warc.gz", "jwarc/cc.warc.gz"]


def bare(paths: list[Path]) -> int:
    """The loop that anyone would write first."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    from resiliparse.parse.html import HTMLTree

    pages = 0
    for path in paths:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response):
                body = record.reader.read()
                tree = HTMLTree.parse(bytes_to_str(body, detect_encoding(body)))
                extract_plain_text(tree, main_content=True)
                pages += 1
    return pages


def smelt(paths: list[Path], digests: str = "check", write: bool = True) -> int:
    from tasks.document import Document
    from tasks.ingest.warc.source import Source, read_warc
    from tasks.ingest.write import Writer

    pages = 0
    source = Source(name="web", paths=["."], digests=digests)
    with tempfile.TemporaryDirectory() as folder, Writer(Path(folder), "web") as writer:
        for path in paths:
            with writer.file(path.name, path.stat().st_size) as add:
                for item in read_warc(path, source):
                    pages += isinstance(item, Document)
                    if write:
                        add(item)
    return pages


def framing(paths: list[Path]) -> int:
    from tasks.ingest.warc.records import WARC, read_records
    from tasks.io.container import chunks

    records = 0
    for path in paths:
        with path.open("rb") as file:
            records += sum(1 for _ in read_records(chunks(file, WARC.sync)))
    return records


def fastwarc(paths: list[Path]) -> int:
    from fastwarc.warc import ArchiveIterator

    records = 0
    for path in paths:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                record.reader.read()
                records += 1
    return records


def timed(function: Callable[[], int]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def compare(name: str, paths: list[Path], repeat: int = 1) -> None:
    paths = paths * repeat
    sides: dict[str, Callable[[], int]] = {
        "bare loop": lambda: bare(paths),
        "smelt": lambda: smelt(paths),
        "smelt, digests ignored": lambda: smelt(paths, "ignore"),
        "smelt, nothing written": lambda: smelt(paths, write=False),
        "framing": lambda: framing(paths),
        "fastwarc's framing": lambda: fastwarc(paths),
    }
    pages = sides["bare loop"]()
    for side in sides.values():  # warm-up
        side()
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side, function in sides.items():
            times[side].append(timed(function))
    for side, seconds in times.items():
        print(f"{name}, {side}\t{pages / statistics.median(seconds):.0f}\tpages/s CPU")
    for side in ("smelt", "smelt, digests ignored"):
        ratio = statistics.median(one / two for one, two in zip(times["bare loop"], times[side], strict=True))
        print(f"{name}, {side} against the bare loop\t{ratio:.3f}\t×")
    ratio = statistics.median(
        one / two for one, two in zip(times["fastwarc's framing"], times["framing"], strict=True)
    )
    print(f"{name}, framing against fastwarc's\t{ratio:.3f}\t×")


def main() -> None:
    if not DATA.is_dir():
        print(f"skipped\t{DATA} is not here")
        return
    compare("487 pages", [DATA / name for name in PAGES])
    compare("Common Crawl", [DATA / name for name in CRAWL], repeat=10)


if __name__ == "__main__":
    main()
