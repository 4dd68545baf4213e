"""Main text: speed against the bare loop (fastwarc + resiliparse) and trafilatura, quality on annotated pages.

    python tests/bench/extraction.py [SHARED]     SHARED: the folder that holds `data`, by default ../shared
    python tests/bench/extraction.py SHARED speed | quality
    python tests/bench/extraction.py SHARED gold FOLDER     FOLDER/NAME/source.html and expected.html: whole gold texts

Times are CPU seconds of one process, sides in turn, medians of `ROUNDS` rounds after a warm-up. Quality out of fold:
each page by a model that hasn't seen its site (`tasks.ingest.extract.training.train`, five folds). `gold` was run on
`test/test-pages` of github.com/mozilla/readability at ab4027a, 130 pages that nothing is trained on.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean, median

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
TRAFILATURA_PAGES = 100


def line(name: str, value: float, unit: str) -> None:
    print(f"{name}\t{value:.4g}\t{unit}", flush=True)


def in_turn(sides: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median CPU seconds of each side."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            start = time.process_time()
            side()
            if number:
                times[name].append(time.process_time() - start)
    return {name: median(values) for name, values in times.items()}


def bare(path: Path) -> None:
    """What one would write without smelt: main content of every response, nothing kept."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            page = record.reader.read()
            extract_plain_text(
                HTMLTree.parse_from_bytes(page, detect_encoding(page)), main_content=True, alt_texts=False
            )


def to_parquet(path: Path, engine: str) -> None:
    from tasks.document import Document, DocumentWriter
    from tasks.ingest.warc.source import Source, read_warc

    source = Source.model_validate({"name": "bench", "paths": ["."], "engine": engine})
    with tempfile.TemporaryDirectory() as folder, DocumentWriter(Path(folder) / "d.parquet") as writer:
        for item in read_warc(path, source):
            if isinstance(item, Document):
                writer.add(item)


def speed(path: Path, pages: list[tuple[str, bytes]]) -> None:
    import trafilatura

    from tasks.ingest.extract.engines import extract_text

    took = in_turn(
        {
            "bare": lambda: bare(path),
            "fast": lambda: to_parquet(path, "fast"),
            "resiliparse": lambda: to_parquet(path, "resiliparse"),
        }
    )
    for name, seconds in took.items():
        line(f"{name}-pages", len(pages) / seconds, "pages/s")
    line("fast-to-bare", took["bare"] / took["fast"], "x")
    line("resiliparse-to-bare", took["bare"] / took["resiliparse"], "x")
    some = [html for _, html in pages[:: max(1, len(pages) // TRAFILATURA_PAGES)]]
    took = in_turn(
        {
            "extract-trafilatura-fast": lambda: [trafilatura.extract(html, fast=True) for html in some],
            "extract-fast": lambda: [extract_text(html) for html in some],
            "extract-resiliparse": lambda: [extract_text(html, engine="resiliparse") for html in some],
        }
    )
    for name, seconds in took.items():
        line(name, len(some) / seconds, "pages/s")
    line("fast-to-trafilatura", took["extract-trafilatura-fast"] / took["extract-fast"], "x")


def grams(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))


def against(texts: Mapping[str, str], gold: Mapping[str, str]) -> tuple[float, float, float]:
    """Macro-averaged precision and recall of word 4-grams, and F1 of the two."""
    precision, recall = [], []
    for url, right in gold.items():
        expected, found = grams(right), grams(texts[url])
        both = (expected & found).total()
        precision.append(both / found.total())
        recall.append(both / expected.total())
    one, other = mean(precision), mean(recall)
    return one, other, 2 * one * other / (one + other)


def text_of(html: bytes) -> str:
    """All text of a piece of clean HTML; inline elements divide no words."""
    import lxml.html

    inline = {"a", "b", "strong", "i", "em", "span", "sub", "sup", "small", "font", "u", "s", "mark", "abbr"}
    pieces: list[str] = []

    def walk(element: lxml.html.HtmlElement) -> None:
        if isinstance(element.tag, str) and element.tag not in {
            "script",
            "style",
            "svg",
            "noscript",
            "iframe",
        }:
            border = "" if element.tag in inline else "\n"
            pieces.extend((border, element.text or ""))
            for child in element:
                walk(child)
            pieces.append(border)
        pieces.append(element.tail or "")

    walk(lxml.html.fromstring(html.decode("utf-8", "replace")))
    return "".join(pieces)


def gold_pages(folder: Path) -> None:
    import trafilatura

    from tasks.ingest.extract.engines import extract_text

    names = sorted(path.parent.name for path in folder.glob("*/source.html"))
    pages = {name: (folder / name / "source.html").read_bytes() for name in names}
    gold = {name: text_of((folder / name / "expected.html").read_bytes()) for name in names}
    modes: dict[str, dict[str, bool]] = {
        "fast": {"fast": True},
        "precise": {"favor_precision": True},
        "default": {},
    }
    sides: dict[str, Callable[[bytes], str | None]] = {
        "fast": extract_text,
        "resiliparse": lambda html: extract_text(html, engine="resiliparse"),
        **{
            f"trafilatura {mode}": lambda html, options=options: trafilatura.extract(
                html, include_comments=False, **options
            )
            for mode, options in modes.items()
        },
    }
    for name, side in sides.items():
        figures = against({page: side(html) or "" for page, html in pages.items()}, gold)
        for figure, value in zip(("precision", "recall", "F1"), figures, strict=True):
            line(f"{name}: {figure}", value, f"4-grams, {len(pages)} pages")


def quality(pages: list[tuple[str, bytes]], gold: dict[str, dict[str, list[str]]]) -> None:
    from tasks.ingest.extract.engines import extract_text
    from tasks.ingest.extract.training import train

    taught = train.taught(pages, None)
    data = train.examples(pages, taught, gold)
    urls = [url for url, _ in pages]
    sides = {
        "fast, out of fold": dict(zip(urls, train.unseen(data), strict=True)),
        "fast, as trained": {url: extract_text(html) for url, html in pages},
        "resiliparse": {url: extract_text(html, engine="resiliparse") for url, html in pages},
        **{
            f"trafilatura, {mode}": {url: text[mode] for url, text in zip(urls, taught, strict=True)}
            for mode in taught[0]
        },
    }
    for name, texts in sides.items():
        for figure, share in train.check(texts, gold).items():
            line(f"{name}: {figure}", share, "share of segments")
        for mode in ("precision", "default"):
            figure = against(texts, sides[f"trafilatura, {mode}"])[2]
            line(f"{name}: F1 to trafilatura {mode}", figure, "4-grams")


def main() -> None:
    sys.path.insert(0, str(ROOT))
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared"
    path = shared / "data/warc/derived-html/trafilatura-0.warc.gz"
    marks = shared / "data/extraction/trafilatura-gold-split/evaldata-0.json"
    if not path.exists() or not marks.exists():
        print(f"extraction\tskipped\tno {path}")
        return
    from tasks.ingest.extract.training.train import read_pages

    pages = read_pages(path)
    parts = sys.argv[2:] or ["speed", "quality"]
    if "gold" in parts:
        gold_pages(Path(sys.argv[3]))
    if "speed" in parts:
        speed(path, pages)
    if "quality" in parts:
        quality(pages, json.loads(marks.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
