"""Learn the trees of the `fast` engine: python -m tasks.ingest.extract.training.train PAGES.warc.gz GOLD.json

PAGES holds HTML responses, GOLD maps their addresses to {"with": [segment, ...], "without": [segment, ...]}: text
that must be in the main text and text that must not. `weights.json` was made from
`data/warc/derived-html/trafilatura-0.warc.gz` and `data/extraction/trafilatura-gold-split/evaldata-0.json` (487
pages of trafilatura's evaluation) and the teacher that constraints.txt pins, with a learner of our own that
scikit-learn's has replaced since (tests/bench/RESULTS.md compares them). The same data and versions give the same
trees: pages are taken in the order of the file, folds come from a hash of the site, the learner is seeded.

Prints what pages get from models that haven't seen their site (cross-validation): required segments found, forbidden
ones leaked. --labels FILE keeps what the teacher said, so that it is asked only once; --out names the file to write.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from tasks.ingest.extract.blocks import WEIGHTS, Forest, Model, assemble, choose, context, describe, scan
from tasks.ingest.extract.fast import markup_of
from tasks.ingest.extract.metadata import declared
from tasks.ingest.extract.training.boosting import forest_of, learner
from tasks.ingest.extract.training.labels import label, squeezed, teach

FOLDS = 5
FIRST = {
    "max_iter": 60,
    "max_leaf_nodes": 16,
    "learning_rate": 0.12,
    "max_features": 0.2,
    "min_samples_leaf": 40,
}
SECOND = {**FIRST, "max_iter": 120, "learning_rate": 0.05, "max_features": 0.15}
PARTS = 4  # of the pages, by site, that the first forest is learned without to say what the second one learns from


@dataclass
class Example:
    """A page with its blocks described and labelled."""

    url: str
    page: scan.Scan
    texts: list[str]
    described: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def part(self, parts: int, salt: str = "") -> int:
        """Which of so many parts of the data the page is in: pages of one site are in the same one."""
        site = ".".join((urlsplit(self.url).hostname or "").split(".")[-2:])
        return int.from_bytes(hashlib.sha256((salt + site).encode()).digest()[:4], "big") % parts


def read_pages(path: Path) -> list[tuple[str, bytes]]:
    """Address and HTML of every response."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with path.open("rb") as file:
        return [
            (record.headers["WARC-Target-URI"].strip(), record.reader.read())
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True)
        ]


def taught(pages: Sequence[tuple[str, bytes]], cache: Path | None) -> list[dict[str, str]]:
    """The teacher's texts of all pages, from the cache if it is there."""
    if cache is not None and cache.exists():
        return [json.loads(line) for line in cache.read_text(encoding="utf-8").splitlines()]
    texts = [teach(html) for _, html in pages]
    if cache is not None:
        cache.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    return texts


def examples(
    pages: Sequence[tuple[str, bytes]], texts: Sequence[dict[str, str]], gold: dict[str, Any]
) -> list[Example]:
    marks = {url.strip(): segments for url, segments in gold.items()}
    found = []
    for (url, html), text in zip(pages, texts, strict=True):
        markup = markup_of(html)
        page = scan.scan(markup)
        blocks = [
            page.text[start:end].tobytes().decode("utf-8", "replace") for start, end in page.blocks[:, :2]
        ]
        target, weight = label(blocks, text, marks.get(url, {}))
        found.append(Example(url, page, blocks, describe(page, declared(markup)), target, weight))
    return found


def fit(data: Sequence[Example]) -> Model:
    """Both forests. The second one learns from chances of pages whose sites the first one hasn't seen, as in use."""
    surrounded: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for part in range(PARTS):
        forest = _first([one for one in data if one.part(PARTS, "second") != part])
        for one in data:
            if one.part(PARTS, "second") == part:
                again, rows = context.surround(one.page, one.described, forest.predict(one.described))
                surrounded.append((rows, one.target[again], one.weight[again]))
    rows, target, weight = (np.concatenate(column) for column in zip(*surrounded, strict=True))
    return Model(_first(data), forest_of(learner(**SECOND).fit(rows, target, weight)))


def _first(data: Sequence[Example]) -> Forest:
    columns = zip(*((one.described, one.target, one.weight) for one in data), strict=True)
    return forest_of(learner(**FIRST).fit(*map(np.concatenate, columns)))


def unseen(data: Sequence[Example]) -> list[str]:
    """The text of every page by a model that hasn't seen its site, one fold after the other."""
    models = [fit([one for one in data if one.part(FOLDS) != fold]) for fold in range(FOLDS)]
    return [
        assemble(one.page, np.flatnonzero(choose(one.page, chances)).tolist())
        for one in data
        for chances in [models[one.part(FOLDS)].chances(one.page, one.described)]
    ]


def check(texts: Mapping[str, str], gold: Mapping[str, Any]) -> dict[str, float]:
    """Shares of required segments found in the texts and of forbidden ones leaked; addresses without text count too."""
    found = {}
    for name, kind in (("found", "with"), ("leaked", "without")):
        held = total = 0
        for url, segments in gold.items():
            text = squeezed(texts.get(url.strip(), ""))
            held += sum(squeezed(segment) in text for segment in segments[kind])
            total += len(segments[kind])
        found[name] = held / total
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    pages = read_pages(args.pages)
    gold = json.loads(args.gold.read_text(encoding="utf-8"))
    data = examples(pages, taught(pages, args.labels), gold)
    texts = dict(zip((one.url for one in data), unseen(data), strict=True))
    for name, share in check(texts, gold).items():
        print(f"{name}\t{share:.4f}")
    args.out.write_text(json.dumps(fit(data).to_json(), separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
