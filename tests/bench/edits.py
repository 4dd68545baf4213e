"""Edits, personal data and URL lists: speed on real text, on text made to be slow, and what they find.

    python tests/bench/edits.py [FOLDER of real data, ../shared/data by default]

CPU seconds of this process, medians of three rounds in turn; MB are 10^6 bytes of UTF-8 text.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.document import DOCUMENTS, Document, DocumentWriter, TableWriter, read_batches
from tasks.filter import edits
from tasks.filter.editing.editor import Editor, edit_texts
from tasks.filter.urls import blocklists
from tasks.node import Input, Shard

ROUNDS = 3
DATA = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared/data")
CONFIG = edits.Config()
# What a search without candidates would do: one pass of `re` for each of the simplest patterns.
PLAIN = [
    re.compile(pattern)
    for pattern in (
        r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        r"\+?\(?\d{1,4}\)?[ .-]?\d{2,4}[ .-]?\d{3,4}",
        r"\b(?:\d[ -]?){13,16}\b",
        r"(?i)javascript|cookie|privacy policy|terms of use",
        r"\[\d*\]|\[edit\]|\[citation needed\]",
    )
]


def say(name: str, value: float | str, unit: str) -> None:
    shown = f"{value:.3g}" if isinstance(value, float) else value
    print(f"{name}\t{shown}\t{unit}", flush=True)


def timed(*functions: Callable[[], Any]) -> list[float]:
    """The median CPU seconds of each, called in turn after a warm-up."""
    taken: list[list[float]] = [[] for _ in functions]
    for n in range(ROUNDS + 1):
        for function, times in zip(functions, taken, strict=True):
            start = time.process_time()
            function()
            if n:
                times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def corpora() -> Iterator[tuple[str, list[Document]]]:
    """Technical documentation, Common Crawl as C4 left it, and pages as our own extraction leaves them."""
    found = {
        "techdocs": DATA / "corpora/techdocs/techdocs.jsonl.gz",
        "common-crawl": DATA / "corpora/cc-main-2019/CC-MAIN-20190717121559-20190717143559-00140.jsonl.gz",
    }
    for name, path in found.items():
        if not path.is_file():
            say(name, "skipped", f"no {path}")
            continue
        with gzip.open(path, "rt") as lines:
            rows = [json.loads(line) for line in lines]
        yield name, [Document(f"{n:08x}", row["text"], kind="web") for n, row in enumerate(rows)]
    pages = DATA / "warc/derived-html/trafilatura-0.warc.gz"
    if pages.is_file():
        from tasks.ingest.warc.source import read_warc

        yield "pages", [item for item in read_warc(pages) if isinstance(item, Document)]
    else:
        say("pages", "skipped", f"no {pages}")


def speed(name: str, documents: list[Document], folder: Path) -> None:
    texts = [document.text for document in documents]
    column = pa.array(texts, pa.large_string())
    size = sum(len(text.encode()) for text in texts) / 1e6
    editor = Editor(CONFIG.edits, CONFIG.pii)
    kinds = ["web"] * len(texts)
    source = folder / f"{name}.parquet"
    with DocumentWriter(source) as writer:
        for document in documents:
            writer.add(document)
    shard = Shard(name, CONFIG.identity(), {"documents": [Input("documents", str(source), "")]})

    def copy() -> None:
        with TableWriter(folder / "copy.parquet", DOCUMENTS) as writer:
            for batch in read_batches([source], DOCUMENTS.names, rows=256):
                writer.write_table(batch)

    def plain() -> None:
        for pattern in PLAIN:
            for text in texts:
                for _ in pattern.finditer(text):
                    pass

    memory, whole, copied = timed(
        lambda: edit_texts(column, kinds, editor), lambda: edits.process(shard, folder), copy
    )
    start = time.process_time()
    plain()
    searched = time.process_time() - start
    say(f"{name}: text", size, "MB")
    say(f"{name}: edits of a column in memory", size / memory, "MB/s")
    say(f"{name}: the node, Parquet to Parquet", size / whole, "MB/s")
    say(f"{name}: the same files copied without edits", size / copied, "MB/s")
    say(f"{name}: six plain searches with re, nothing verified", size / searched, "MB/s")
    counts: Counter[str] = Counter()
    taken = 0
    for change in edit_texts(column, kinds, editor).changed.values():
        for rule, (count, bytes_taken, _) in change.counts.items():
            counts[rule] += count
            taken += bytes_taken
    say(f"{name}: taken out", taken / size / 1e4, "% of the text")
    for rule, count in sorted(counts.items()):
        say(f"{name}: {rule}", str(count), "edits")


def adversarial() -> None:
    """One line of nothing but candidates, or what looks like one."""
    editor = Editor(CONFIG.edits, CONFIG.pii)
    for piece in (
        "@",
        "1",
        "1 ",
        "a@",
        "a@b.cc ",
        "+49-1",
        "(1)",
        "1.2.3.4 ",
        "4111 ",
        "2a02:",
        "DE89",
        "[1]",
        "\0",
    ):
        megabytes = 10 if piece in ("@", "1", "1 ", "a@") else 1
        column = pa.array([piece * (megabytes * 1_000_000 // len(piece))], pa.large_string())
        start = time.process_time()
        edit_texts(column, ["web"], editor)
        say(f"{megabytes} MB of {piece!r}", time.process_time() - start, "s")


def urls(documents: list[Document], folder: Path) -> None:
    addresses = pa.array([document.url for document in documents if document.url] * 4)
    lists = blocklists.load_lists(True, {})
    [taken] = timed(lambda: blocklists.measure(addresses, lists))
    say("URL signals, own lists", taken / len(addresses) * 1e6, "µs a URL")
    path = folder / "domains"
    path.write_text("".join(f"host-{n}.example{n % 97}.org\n" for n in range(1_000_000)))
    start = time.process_time()
    big = blocklists.load_lists(True, {"url_hosts": [Input("hosts", str(path), "million")]})
    say("a list of a million hosts, read", time.process_time() - start, "s")
    [taken] = timed(lambda: blocklists.measure(addresses, big))
    say("URL signals, own lists and a million hosts", taken / len(addresses) * 1e6, "µs a URL")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for corpus, documents in corpora():
            speed(corpus, documents, folder)
            if corpus == "pages":
                urls(documents, folder)
    adversarial()


if __name__ == "__main__":
    main()
