"""MMLU, GSM8K and HumanEval: every injected item is found, and clean corpora stay untouched."""

import gzip
import json
import random
import re
from pathlib import Path

import pytest

from tasks.benchmarks.benchmark import Benchmark, load_items
from tasks.decontaminate.config import Config
from tasks.decontaminate.disguises import KINDS, shown
from tasks.decontaminate.index.items import ItemIndex, index_items
from tasks.decontaminate.search import search

DATA = Path(__file__).parents[3].parent / "shared/data"
pytestmark = [pytest.mark.realdata, pytest.mark.skipif(not DATA.is_dir(), reason=f"no {DATA}")]


@pytest.fixture(scope="module")
def index() -> ItemIndex:
    folders = {"mmlu": "mmlu-hendrycks-2020", "gsm8k": "gsm8k", "humaneval": "humaneval"}
    benchmarks = [
        Benchmark(name=name, data=str(DATA / "benchmarks" / folder)) for name, folder in folders.items()
    ]
    return index_items([item for benchmark in benchmarks for item in load_items(benchmark)], Config())


@pytest.mark.parametrize("kind", KINDS)
def test_every_injected_item_is_found(index: ItemIndex, kind: str):
    assert index.unsearchable == []
    chosen = random.Random(3).sample(range(len(index.items)), 1500)
    hits = search([KINDS[kind](shown(index.items[number].texts)) for number in chosen], index)
    found = {(hit.text, hit.benchmark, hit.item) for hit in hits}
    wanted = {(n, index.items[i].benchmark, index.items[i].item) for n, i in enumerate(chosen)}
    assert len(wanted - found) <= (3 if kind in ("hyphenated", "numbered") else 0)


def test_clean_text_has_no_hits(index: ItemIndex):
    corpora = DATA / "corpora"
    with gzip.open(corpora / "techdocs/techdocs.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    for name in ("test", "valid"):
        articles = (corpora / f"wikitext-2/{name}.txt").read_text(encoding="utf-8")
        texts += re.split(r"\n (?== [^=].* = \n)", articles)
    assert search(texts, index) == []
